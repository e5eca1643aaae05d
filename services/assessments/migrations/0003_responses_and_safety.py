"""Answers item by item, and safety flags. A satisfaction response becomes an assessment response like the others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "assessment_response"
# What was there before was answered over the API, in English, by the client or in the client's name, and completed at once.
FILL = """
update assessment_response
   set answered_by_id = client_id, started_at = completed_at, saved_at = completed_at, scoring_version = 1"""
TAKE_OVER = """
insert into assessment_response
  (response_id, client_id, programme, instrument, instrument_version, language, state, answers, answered_by, answered_by_id, source,
   started_at, saved_at, completed_at, scoring_version, answered, raw_sum, total, total_method, severity, stated_total_differs)
select response_id, client_id, programme, 'satisfaction', '1', 'en', 'completed', jsonb_build_object('recommend', score::text), 'client',
       client_id, 'portal', answered_at, answered_at, answered_at, 1, 1, score, score, 'complete',
       case when score <= 6 then 'detractor' when score <= 8 then 'passive' else 'promoter' end, false
  from satisfaction_response"""
# A repeated request is answered with what was answered before, which has fields now that it did not have then.
COMPLETE_KEPT_ANSWERS = """
update idempotency i
   set body = body || jsonb_build_object('programme', r.programme, 'instrument_version', r.instrument_version, 'language', r.language,
                                         'answered_by', r.answered_by, 'source', r.source)
  from assessment_response r
 where i.body ? 'total_method' and r.response_id = (i.body ->> 'response_id')::uuid"""
SCORED = "state = 'in_progress' or (completed_at is not null and answered is not null and raw_sum is not null and total_method is not null)"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    extend_responses()
    op.execute(COMPLETE_KEPT_ANSWERS)
    op.execute(TAKE_OVER)
    op.drop_table("satisfaction_response")
    add_safety_flags()


def extend_responses() -> None:
    moment = postgresql.TIMESTAMP(timezone=True)
    for name in ("assignment_id", "episode_id", "answered_by_id"):
        op.add_column(TABLE, sa.Column(name, sa.UUID(), nullable=True))
    for name in ("instrument_digest", "source_id"):
        op.add_column(TABLE, sa.Column(name, sa.Text(), nullable=True))
    for name, before in (("language", "en"), ("state", "completed"), ("answered_by", "client"), ("source", "portal")):
        op.add_column(TABLE, sa.Column(name, sa.Text(), nullable=False, server_default=before))
        op.alter_column(TABLE, name, server_default=None)
    for name in ("started_at", "saved_at"):
        op.add_column(TABLE, sa.Column(name, moment, nullable=True))
    op.add_column(TABLE, sa.Column("scoring_version", sa.Integer(), nullable=True))
    op.add_column(TABLE, sa.Column("stated_total", sa.Double(), nullable=True))
    op.add_column(TABLE, sa.Column("stated_total_differs", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column(TABLE, "stated_total_differs", server_default=None)
    op.execute(FILL)
    for name in ("answered_by_id", "started_at", "saved_at"):
        op.alter_column(TABLE, name, nullable=False)
    for name in ("answered", "raw_sum", "total_method", "completed_at"):
        op.alter_column(TABLE, name, nullable=True)
    op.create_check_constraint(op.f("assessment_response_state_check"), TABLE, "state in ('in_progress', 'completed')")
    op.create_check_constraint(op.f("assessment_response_answered_by_check"), TABLE, "answered_by in ('client', 'provider')")
    op.create_check_constraint(op.f("assessment_response_source_check"), TABLE, "source in ('form', 'portal', 'fhir')")
    op.create_check_constraint(op.f("assessment_response_scored_check"), TABLE, SCORED)
    op.create_unique_constraint(op.f("assessment_response_assignment_id_instrument_key"), TABLE, ["assignment_id", "instrument"])
    op.create_unique_constraint(op.f("assessment_response_client_id_source_id_key"), TABLE, ["client_id", "source_id"])


def add_safety_flags() -> None:
    op.create_table(
        "safety_flag",
        sa.Column("flag_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("response_id", sa.UUID(), nullable=False),
        sa.Column("assignment_id", sa.UUID(), nullable=True),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=True),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("raised_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("escalated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledged_as", sa.Text(), nullable=True),
        sa.Column("acknowledged_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("acknowledged_as in ('provider', 'clinical_team')", name=op.f("safety_flag_acknowledged_as_check")),
        sa.PrimaryKeyConstraint("flag_id", name=op.f("safety_flag_pkey")),
        sa.UniqueConstraint("response_id", name=op.f("safety_flag_response_id_key")),
    )
    op.create_index(op.f("safety_flag_client_id_idx"), "safety_flag", ["client_id"], unique=False)
    op.create_index("safety_flag_raised_idx", "safety_flag", ["raised_at", "flag_id"], unique=False)
