"""Legal demands, their documents and releases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
FROZEN = ("legal_demand_history", "legal_suspension", "legal_release_attempt", "legal_document_reading")


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _legal_demand()
    _legal_demand_history()
    _legal_document()
    _legal_document_reading()
    _legal_release()
    _legal_release_attempt()
    _legal_suspension()
    op.execute("""
create function refuse_change_of_legal_record() returns trigger language plpgsql as $$
begin
  raise exception 'what happened to a legal demand only grows (C7)' using errcode = 'restrict_violation';
end $$""")
    for table in FROZEN:
        op.execute(f"""
create trigger {table}_is_frozen before update or delete or truncate on {table}
   for each statement execute function refuse_change_of_legal_record()""")


def _legal_demand() -> None:
    op.create_table(
        "legal_demand",
        sa.Column("demand_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=True),
        sa.Column("authority_name", sa.Text(), nullable=False),
        sa.Column("authority_address", sa.Text(), nullable=True),
        sa.Column("identity_evidence", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("respond_by", MOMENT, nullable=False),
        sa.Column("statements", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("minimum_necessary", sa.Text(), nullable=False),
        sa.Column("document_id", sa.UUID(), nullable=False),
        sa.Column("assurance_document_id", sa.UUID(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("authors", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.UUID(), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("collection_id", sa.UUID(), nullable=True),
        sa.Column("closed_by", sa.UUID(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("tell_client_from", MOMENT, nullable=True),
        sa.Column("client_told_at", MOMENT, nullable=True),
        sa.CheckConstraint("state not in ('approved', 'released') or approved_by is not null", name=op.f("legal_demand_approved_check")),
        sa.CheckConstraint("approved_by is null or not approved_by = any (authors)", name=op.f("legal_demand_second_officer_check")),
        sa.CheckConstraint("cardinality(categories) > 0", name=op.f("legal_demand_scope_check")),
        sa.PrimaryKeyConstraint("demand_id", name=op.f("legal_demand_pkey")),
    )
    op.create_index(op.f("legal_demand_client_id_idx"), "legal_demand", ["client_id"], unique=False)
    op.create_index(
        "legal_demand_open_idx", "legal_demand", ["respond_by"], unique=False, postgresql_where=sa.text("state in ('recorded', 'approved')")
    )


def _legal_demand_history() -> None:
    op.create_table(
        "legal_demand_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("demand_id", sa.UUID(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.UUID(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("legal_demand_history_pkey")),
    )
    op.create_index(op.f("legal_demand_history_demand_id_idx"), "legal_demand_history", ["demand_id"], unique=False)


def _legal_document() -> None:
    op.create_table(
        "legal_document",
        sa.Column("document_id", sa.UUID(), nullable=False),
        sa.Column("demand_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sealed_key", postgresql.BYTEA(), nullable=False),
        sa.Column("content", postgresql.BYTEA(), nullable=False),
        sa.Column("received_by", sa.UUID(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("legal_document_pkey")),
    )
    op.create_index(op.f("legal_document_demand_id_idx"), "legal_document", ["demand_id"], unique=False)


def _legal_document_reading() -> None:
    op.create_table(
        "legal_document_reading",
        sa.Column("reading_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.UUID(), nullable=False),
        sa.Column("read_by", sa.UUID(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("legal_document_reading_pkey")),
    )
    op.create_index(op.f("legal_document_reading_document_id_idx"), "legal_document_reading", ["document_id"], unique=False)


def _legal_release() -> None:
    op.create_table(
        "legal_release",
        sa.Column("release_id", sa.UUID(), nullable=False),
        sa.Column("demand_id", sa.UUID(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.UUID(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("spent_at", MOMENT, nullable=True),
        sa.Column("voided_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("release_id", name=op.f("legal_release_pkey")),
        sa.UniqueConstraint("token_digest", name=op.f("legal_release_token_digest_key")),
    )
    op.create_index(op.f("legal_release_demand_id_idx"), "legal_release", ["demand_id"], unique=False)


def _legal_release_attempt() -> None:
    op.create_table(
        "legal_release_attempt",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("demand_id", sa.UUID(), nullable=False),
        sa.Column("release_id", sa.UUID(), nullable=True),
        sa.Column("attempted_at", MOMENT, nullable=False),
        sa.Column("attempted_by", sa.UUID(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("recipient_address", sa.Text(), nullable=True),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("document_id", sa.UUID(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("legal_release_attempt_pkey")),
    )
    op.create_index(op.f("legal_release_attempt_demand_id_idx"), "legal_release_attempt", ["demand_id"], unique=False)
    op.create_index(
        "legal_release_attempt_once_idx",
        "legal_release_attempt",
        ["demand_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'released'"),
    )


def _legal_suspension() -> None:
    op.create_table(
        "legal_suspension",
        sa.Column("suspension_id", sa.UUID(), nullable=False),
        sa.Column("demand_id", sa.UUID(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column("stated_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("document_id", sa.UUID(), nullable=True),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("suspension_id", name=op.f("legal_suspension_pkey")),
    )
    op.create_index(op.f("legal_suspension_demand_id_idx"), "legal_suspension", ["demand_id"], unique=False)
