"""What is counted, the counts, and what of them was published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READER = "care_connect_reports"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "asked_fact",
        sa.Column("asked_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("episode_id", sa.UUID(), nullable=True),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("asked_id", name=op.f("asked_fact_pkey")),
        comment="asked_id: the assignment, or the response where nobody had asked",
    )
    op.create_index(op.f("asked_fact_client_id_idx"), "asked_fact", ["client_id"], unique=False)
    op.create_table(
        "closing",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("positions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parked", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.PrimaryKeyConstraint("family", "month", name=op.f("closing_pkey")),
    )
    op.create_table(
        "counted_client",
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("counted_client_pkey")),
    )
    op.create_table(
        "episode_fact",
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=True),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("sought_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("served", sa.Boolean(), nullable=True),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("scheduled_seconds", sa.Integer(), nullable=True),
        sa.Column("scheduled_days", sa.Integer(), nullable=True),
        sa.Column("consulted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("consulted_seconds", sa.Integer(), nullable=True),
        sa.Column("consulted_days", sa.Integer(), nullable=True),
        sa.Column("first_session_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("first_session_seconds", sa.Integer(), nullable=True),
        sa.Column("first_session_days", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("episode_id", name=op.f("episode_fact_pkey")),
    )
    op.create_index(op.f("episode_fact_client_id_idx"), "episode_fact", ["client_id"], unique=False)
    op.create_table(
        "outcome_fact",
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("elevated", sa.Boolean(), nullable=True),
        sa.Column("improved", sa.Boolean(), nullable=True),
        sa.Column("deteriorated", sa.Boolean(), nullable=True),
        sa.Column("recovered", sa.Boolean(), nullable=True),
        sa.Column("baseline_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("follow_up_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.PrimaryKeyConstraint("episode_id", name=op.f("outcome_fact_pkey")),
    )
    op.create_index(op.f("outcome_fact_client_id_idx"), "outcome_fact", ["client_id"], unique=False)
    op.create_table(
        "population",
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("stated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("eligible between 0 and 10000000", name=op.f("population_eligible_check")),
        sa.PrimaryKeyConstraint("employer_id", "year", name=op.f("population_pkey")),
    )
    op.create_table(
        "published_cell",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("breakdown", sa.Text(), nullable=False),
        sa.Column("cell_group", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("release_id", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("family", "scope", "scope_id", "period", "breakdown", "cell_group", name=op.f("published_cell_pkey")),
    )
    op.create_table(
        "recount_mark",
        sa.Column("mark_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("retry_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mark_id", name=op.f("recount_mark_pkey")),
    )
    op.create_index(op.f("recount_mark_client_id_idx"), "recount_mark", ["client_id"], unique=False)
    op.create_table(
        "release",
        sa.Column("release_id", sa.UUID(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("family_version", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("linear_ms", sa.Float(), nullable=False),
        sa.Column("audit_ms", sa.Float(), nullable=False),
        sa.Column("audited", sa.Integer(), nullable=False),
        sa.Column("released_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("release_id", name=op.f("release_pkey")),
        sa.UniqueConstraint("family", "month", name=op.f("release_family_month_key")),
        comment="with the month that was closed came the quarter and the year that it completes",
    )
    op.create_table(
        "request_fact",
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("episode_id", sa.UUID(), nullable=True),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("request_fact_pkey")),
    )
    op.create_index(op.f("request_fact_client_id_idx"), "request_fact", ["client_id"], unique=False)
    op.create_table(
        "rollup",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("a", sa.SmallInteger(), nullable=False),
        sa.Column("b", sa.SmallInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "family",
            "month",
            "dimension",
            "plan_id",
            "employer_id",
            "programme",
            "provider_id",
            "kind",
            "a",
            "b",
            name="rollup_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("rollup_empty_idx", "rollup", ["family"], unique=False, postgresql_where=sa.text("n = 0"))
    op.create_table(
        "score_fact",
        sa.Column("response_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("total_method", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("response_id", name=op.f("score_fact_pkey")),
    )
    op.create_index(op.f("score_fact_client_id_idx"), "score_fact", ["client_id"], unique=False)
    op.create_table(
        "session_fact",
        sa.Column("appointment_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("session_fact_pkey")),
    )
    op.create_index(op.f("session_fact_client_id_idx"), "session_fact", ["client_id"], unique=False)
    op.create_table(
        "unit",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=True),
        sa.Column("bins", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("family", "client_id", "year", name=op.f("unit_pkey")),
        sa.UniqueConstraint("family", "unit_id", name=op.f("unit_family_unit_id_key")),
    )
    op.create_index("unit_month_idx", "unit", ["family", "month"], unique=False)
    op.create_table(
        "withheld_cell",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("breakdown", sa.Text(), nullable=False),
        sa.Column("cell_group", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("family", "scope", "scope_id", "period", "breakdown", "cell_group", name=op.f("withheld_cell_pkey")),
    )

    _let_reports_be_read()
    _freeze_what_was_published()


def _let_reports_be_read() -> None:
    """R2: whoever reads reports reads them as this role, which can see nothing else. Roles are the cluster's: another database's migration
    may make it at the same moment. Where we may not make roles, the operator has made it, and made us a member."""
    op.execute(f"""
do $$ begin
  create role {READER} nologin;
exception when duplicate_object or unique_violation or insufficient_privilege then null;
end $$""")
    op.execute(
        f"do $$ begin if not pg_has_role(current_user, '{READER}', 'SET') then execute 'grant {READER} to ' || quote_ident(current_user); end if; end $$"
    )
    op.execute(f"grant usage on schema public to {READER}")
    op.execute(f"grant select on published_cell, release to {READER}")


def _freeze_what_was_published() -> None:
    """D7: a published value never changes, whoever asks for it."""
    op.execute("""
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'what was published stays as it is (D7)' using errcode = 'restrict_violation';
end $$""")
    for table in ("published_cell", "release", "closing"):
        op.execute(
            f"create trigger {table}_is_frozen before update or delete or truncate on {table} for each statement execute function refuse_change()"
        )
