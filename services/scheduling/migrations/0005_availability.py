"""Availability."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Appointments from before there were slots. Where two overlap, the one that was made first keeps its slot.
KEEP_BOOKED = """
insert into slot (slot_id, provider_id, during, state, appointment_id)
select gen_random_uuid(), provider_id, tstzrange(starts_at, starts_at + case kind when 'session' then '50 min' else '20 min' end::interval),
       'booked', appointment_id
  from appointment where held_on is null order by scheduled_at on conflict on constraint slot_provider_id_during_excl do nothing"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "availability",
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("consultation_minutes", sa.Integer(), nullable=False),
        sa.Column("session_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_minutes", sa.Integer(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("availability_pkey")),
    )
    op.create_table(
        "weekly_hours",
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_minute", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("ends_minute", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("weekly_hours_weekday_check")),
        sa.CheckConstraint(
            "0 <= starts_minute and starts_minute < ends_minute and ends_minute <= 1440", name=op.f("weekly_hours_minutes_check")
        ),
        sa.PrimaryKeyConstraint("provider_id", "weekday", "starts_minute", name=op.f("weekly_hours_pkey")),
    )
    op.create_table(
        "availability_exception",
        sa.Column("exception_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_minute", sa.SmallInteger(), nullable=False),
        sa.Column("ends_minute", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("kind in ('closed', 'open')", name=op.f("availability_exception_kind_check")),
        sa.CheckConstraint(
            "0 <= starts_minute and starts_minute < ends_minute and ends_minute <= 1440", name=op.f("availability_exception_minutes_check")
        ),
        sa.PrimaryKeyConstraint("exception_id", name=op.f("availability_exception_pkey")),
    )
    op.create_index("availability_exception_provider_idx", "availability_exception", ["provider_id", "day"], unique=False)
    op.create_table(
        "slot",
        sa.Column("slot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_by", sa.UUID(), nullable=True),
        sa.Column("hold_expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("appointment_id", sa.UUID(), nullable=True),
        postgresql.ExcludeConstraint(("provider_id", "="), ("during", "&&"), name="slot_provider_id_during_excl", using="gist"),
        sa.CheckConstraint("not isempty(during) and not lower_inf(during) and not upper_inf(during)", name=op.f("slot_during_check")),
        sa.CheckConstraint(
            "case state when 'held' then held_by is not null and hold_expires_at is not null and appointment_id is null"
            " when 'booked' then appointment_id is not null and held_by is null and hold_expires_at is null else false end",
            name=op.f("slot_state_check"),
        ),
        sa.PrimaryKeyConstraint("slot_id", name=op.f("slot_pkey")),
        sa.UniqueConstraint("appointment_id", name=op.f("slot_appointment_id_key")),
    )
    op.create_index("slot_held_by_idx", "slot", ["held_by"], unique=False, postgresql_where=sa.text("state = 'held'"))
    op.create_table(
        "next_opening",
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("computed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("refresh_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("next_opening_pkey")),
    )
    op.create_index("next_opening_starts_at_idx", "next_opening", ["starts_at", "provider_id"], unique=False)
    op.create_index("next_opening_refresh_at_idx", "next_opening", ["refresh_at"], unique=False)
    op.execute(KEEP_BOOKED)
