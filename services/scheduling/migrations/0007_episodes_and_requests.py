"""Episodes, the whole life of requests and appointments, Client Matching, waitlists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _episodes()
    _requests()
    _appointments()
    _matching()
    _waitlists()


def _episodes() -> None:
    op.create_table(
        "episode",
        sa.Column("episode_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("served", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("sought_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("consulted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("in_care_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("episode_id", name=op.f("episode_pkey")),
    )
    op.create_index("episode_client_idx", "episode", ["client_id", "programme", "sought_at"])
    op.create_index("episode_open_idx", "episode", ["client_id", "programme"], unique=True, postgresql_where=sa.text("ended_at is null"))


def _requests() -> None:
    """Requests from before have no episode: nobody wrote down when their care was sought first."""
    for column in (
        sa.Column("episode_id", sa.UUID(), nullable=True),
        sa.Column("origin", sa.Text(), server_default="directory", nullable=False),
        sa.Column("specialties", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("proposed_times", postgresql.ARRAY(postgresql.TIMESTAMP(timezone=True)), server_default="{}", nullable=False),
    ):
        op.add_column("consultation_request", column)
    op.create_index(op.f("consultation_request_episode_id_idx"), "consultation_request", ["episode_id"])
    op.create_foreign_key(op.f("consultation_request_episode_id_fkey"), "consultation_request", "episode", ["episode_id"], ["episode_id"])
    op.execute(
        """update consultation_request r set state = case
             when exists (select from appointment a where a.request_id = r.request_id and a.kind = 'session' and a.held_on is not null)
               then 'in_care'
             when exists (select from appointment a where a.request_id = r.request_id and a.kind = 'session') then 'session_scheduled'
             when exists (select from appointment a where a.request_id = r.request_id and a.held_on is null) then 'consultation_scheduled'
             else 'consultation_held' end
           where state = 'accepted' and exists (select from appointment a where a.request_id = r.request_id)"""
    )


def _appointments() -> None:
    """Those from before had no end; they get the usual one."""
    op.add_column("appointment", sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("appointment", sa.Column("state", sa.Text(), nullable=True))
    op.add_column("appointment", sa.Column("sequence", sa.Integer(), nullable=True))
    op.execute(
        """update appointment set sequence = 0, state = case when held_on is null then 'scheduled' else 'held' end,
                  ends_at = starts_at + case kind when 'session' then interval '50 minutes' else interval '20 minutes' end"""
    )
    for name in ("ends_at", "state", "sequence"):
        op.alter_column("appointment", name, nullable=False)


def _matching() -> None:
    op.create_table(
        "matching_case",
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("proposals", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["consultation_request.request_id"], name=op.f("matching_case_request_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("matching_case_pkey")),
    )
    op.create_index("matching_case_client_idx", "matching_case", ["client_id", "case_id"])
    op.create_index("matching_case_open_idx", "matching_case", ["case_id"], postgresql_where=sa.text("state = 'open'"))
    op.create_index(op.f("matching_case_request_id_idx"), "matching_case", ["request_id"])


def _waitlists() -> None:
    op.create_table(
        "served_state",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("opens_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("served_state_pkey")),
    )
    op.create_table(
        "waitlist_entry",
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("joined_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("invited_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("waitlist_entry_pkey")),
        sa.UniqueConstraint("client_id", "state", name=op.f("waitlist_entry_client_id_state_key")),
    )
    op.create_index("waitlist_entry_state_idx", "waitlist_entry", ["state", "joined_at"])
