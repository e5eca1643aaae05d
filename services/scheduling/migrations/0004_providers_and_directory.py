"""Providers and directory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EASTERN = "America/New_York"
ZONES = {
    "America/Anchorage": "AK",
    "America/Boise": "ID",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO MT NM UT WY",
    "America/Indiana/Indianapolis": "IN",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Phoenix": "AZ",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU MP",
    "Pacific/Honolulu": "HI",
    "Pacific/Samoa": "AS",
}
"""Of most people in each state; all others are Eastern."""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _provider()
    _participation()
    _directory()


def _provider() -> None:
    """Who was there already is not listed until the record is complete (S3)."""
    no, codes, empty = sa.text("false"), sa.text("'{}'"), sa.text("'[]'")
    for column in (
        sa.Column("taxonomy_code", sa.Text(), nullable=True),
        sa.Column("supervised", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("licences", postgresql.JSONB(astext_type=sa.Text()), server_default=empty, nullable=False),
        sa.Column("credentials", postgresql.JSONB(astext_type=sa.Text()), server_default=empty, nullable=False),
        sa.Column("virtual_care", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("in_person", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("manages_in_portal", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{en}'"), nullable=False),
        sa.Column("specialties", postgresql.ARRAY(sa.Text()), server_default=codes, nullable=False),
        sa.Column("modalities", postgresql.ARRAY(sa.Text()), server_default=codes, nullable=False),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("accepting_clients", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("zone", sa.Text(), server_default=EASTERN, nullable=False),
        sa.Column("profile", sa.Text(), server_default="", nullable=False),
        sa.Column("insurance_departure_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
    ):
        op.add_column("provider", column)
    for zone, states in ZONES.items():
        names = ", ".join(f"'{state}'" for state in states.split())
        op.execute(f"update provider set zone = '{zone}' where state in ({names})")
    op.alter_column("provider", "zone", server_default=None)


def _participation() -> None:
    op.create_table(
        "participation",
        sa.Column("participation_id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("agreed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("terms_version", sa.Text(), nullable=False),
        sa.Column("agreed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("left_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.provider_id"], name=op.f("participation_provider_id_fkey")),
        sa.PrimaryKeyConstraint("participation_id", name=op.f("participation_pkey")),
    )
    op.create_index(op.f("participation_provider_id_idx"), "participation", ["provider_id"], unique=False)
    op.create_index(
        "participation_open_idx", "participation", ["provider_id", "programme"], unique=True, postgresql_where=sa.text("left_at is null")
    )


def _directory() -> None:
    op.create_table(
        "directory_listing",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("traits", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("state", "plan_id", "provider_id", "from_on", "until_on", name=op.f("directory_listing_pkey")),
    )
    op.create_index(op.f("directory_listing_provider_id_idx"), "directory_listing", ["provider_id"], unique=False)
    op.create_table(
        "directory_text",
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("directory_text_pkey")),
    )
    op.create_index("directory_text_words_idx", "directory_text", ["words"], unique=False, postgresql_using="gin")
