"""Contracts and eligibility."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What was agreed before there were contracts here is taken to have been in force from before anything was recorded.
CONTRACTS = """
insert into contract (employer_id, programme, version, applies_from, starts_on, session_limit, limit_period, calendar, recorded_at)
select employer_id, programme, 1, date '2000-01-01', date '2000-01-01',
       case programme when 'emotional_wellbeing_solutions' then 6 end, 'contract_year', 'us-federal', clock_timestamp()
  from employer, unnest(programmes) as programme"""

# The day before, because the day of a moment is not the same in every zone.
PERIODS = """
insert into coverage_period (period_id, client_id, employer_id, plan_id, starts_on, source, recorded_at)
select gen_random_uuid(), client_id, employer_id, plan_id, (least(recorded_at, asked_at) at time zone 'UTC')::date - 1, 'registration',
       least(recorded_at, asked_at)
  from client left join (select client_id, min(requested_at) as asked_at from consultation_request group by client_id) asked using (client_id)"""

# As in scheduling/geography.py on the day of this migration.
ZONES = {
    "America/Anchorage": "AK",
    "America/Boise": "ID",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO MT NM UT WY",
    "America/Indiana/Indianapolis": "IN",
    "America/Los_Angeles": "CA NV OR WA",
    "America/New_York": "",
    "America/Phoenix": "AZ",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU MP",
    "Pacific/Honolulu": "HI",
    "Pacific/Samoa": "AS",
}


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _contracts()
    _plans_and_clients()
    _eligibility()
    _coverage()
    op.execute(CONTRACTS)
    op.execute(PERIODS)
    op.drop_column("employer", "programmes")


def _contracts() -> None:
    op.create_table(
        "contract",
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("applies_from", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("regions", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("session_limit", sa.Integer(), nullable=True),
        sa.Column("limit_period", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("session_limit between 1 and 52", name=op.f("contract_session_limit_check")),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("contract_employer_id_fkey")),
        sa.PrimaryKeyConstraint("employer_id", "programme", "version", name=op.f("contract_pkey")),
    )


def _plans_and_clients() -> None:
    op.add_column("plan", sa.Column("participating", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("plan", sa.Column("participating_from", sa.Date(), nullable=True))
    op.add_column("plan", sa.Column("participating_until", sa.Date(), nullable=True))
    op.add_column("plan", sa.Column("copay_cents", sa.Integer(), nullable=True))
    op.add_column("plan", sa.Column("payer_id", sa.Text(), nullable=True))
    op.add_column("client", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("client", sa.Column("member_id", sa.Text(), nullable=True))
    cases = " ".join(f"when state = any('{{{','.join(states.split())}}}') then '{zone}'" for zone, states in ZONES.items() if states)
    op.execute(f"update client set time_zone = case {cases} else 'America/New_York' end")
    op.alter_column("client", "time_zone", nullable=False)
    op.create_index(op.f("client_plan_id_idx"), "client", ["plan_id"], unique=False)
    op.create_index(
        "client_member_idx", "client", ["employer_id", "member_id"], unique=True, postgresql_where=sa.text("member_id is not null")
    )


def _eligibility() -> None:
    op.create_table(
        "coverage_period",
        sa.Column("period_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("superseded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("coverage_period_ends_on_check")),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("coverage_period_client_id_fkey")),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("coverage_period_employer_id_fkey")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("coverage_period_plan_id_fkey")),
        sa.PrimaryKeyConstraint("period_id", name=op.f("coverage_period_pkey")),
    )
    op.create_index(op.f("coverage_period_client_id_idx"), "coverage_period", ["client_id"], unique=False)
    for of in ("employer", "plan"):
        op.create_index(
            f"coverage_period_{of}_idx", "coverage_period", [f"{of}_id", "client_id"], postgresql_where=sa.text("superseded_at is null")
        )
    op.create_table(
        "eligibility_verdict",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verified_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("eligibility_verdict_client_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", "programme", name=op.f("eligibility_verdict_pkey")),
    )
    op.create_table(
        "payer_answer",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("payer_answer_client_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", "programme", name=op.f("payer_answer_pkey")),
    )
    op.create_table(
        "eligibility_file",
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("eligibility_file_pkey")),
    )


def _coverage() -> None:
    op.create_table(
        "visit",
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("limit", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("visit_client_id_fkey")),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("visit_employer_id_fkey")),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("visit_pkey")),
    )
    op.create_index("visit_client_idx", "visit", ["client_id", "programme", "on_date"], unique=False)
    op.create_table(
        "coverage_choice",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("chosen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("coverage_choice_client_id_fkey")),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("coverage_choice_employer_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", "programme", "employer_id", "period_starts_on", name=op.f("coverage_choice_pkey")),
    )
