"""Contracts with recipients, their audits, customers' directions.

From here on nothing individual leaves without a contract in force (C14): recipients that are registered already get nothing until
theirs is recorded.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("disclosure", sa.Column("contract_id", sa.UUID(), nullable=True))
    _add_contracts()
    _add_openings()
    _add_audits()
    _add_directions()


def _add_contracts() -> None:
    op.create_table(
        "contract",
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("obligations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("delete_within_days", sa.Integer(), nullable=False),
        sa.Column("breach_notice_hours", sa.Integer(), nullable=False),
        sa.Column("audit_right", sa.Boolean(), nullable=False),
        sa.Column("audit_every_months", sa.Integer(), nullable=False),
        sa.Column("document_digest", sa.Text(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("audit_right", name=op.f("contract_audit_right_check")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("contract_validity_check")),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipient.recipient_id"], name=op.f("contract_recipient_id_fkey")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("contract_pkey")),
    )
    op.create_index(op.f("contract_recipient_id_idx"), "contract", ["recipient_id"], unique=False)


def _add_openings() -> None:
    op.create_table(
        "release_opening",
        sa.Column("opening_id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("opened_by", sa.UUID(), nullable=False),
        sa.Column("open_until", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.UUID(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipient.recipient_id"], name=op.f("release_opening_recipient_id_fkey")),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("release_opening_pkey")),
        comment="closed_by: null where time ran out",
    )
    is_open = sa.text("closed_at is null")
    op.create_index(op.f("release_opening_recipient_id_idx"), "release_opening", ["recipient_id"], unique=False)
    op.create_index("release_opening_open_idx", "release_opening", ["recipient_id"], unique=True, postgresql_where=is_open)
    op.create_index("release_opening_until_idx", "release_opening", ["open_until"], unique=False, postgresql_where=is_open)


def _add_audits() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("recipient_id", sa.UUID(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("announced_by", sa.UUID(), nullable=False),
        sa.Column("announced_at", MOMENT, nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("performed_by", sa.UUID(), nullable=True),
        sa.Column("reported_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipient.recipient_id"], name=op.f("audit_recipient_id_fkey")),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("audit_pkey")),
    )
    op.create_index(op.f("audit_recipient_id_idx"), "audit", ["recipient_id"], unique=False)
    op.create_table(
        "audit_finding",
        sa.Column("finding_id", sa.UUID(), nullable=False),
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("resolved_by", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.audit_id"], name=op.f("audit_finding_audit_id_fkey")),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("audit_finding_pkey")),
    )
    op.create_index(op.f("audit_finding_audit_id_idx"), "audit_finding", ["audit_id"], unique=False)


def _add_directions() -> None:
    op.create_table(
        "direction",
        sa.Column("direction_id", sa.UUID(), nullable=False),
        sa.Column("employer_id", sa.UUID(), nullable=False),
        sa.Column("reader_role", sa.Text(), nullable=False),
        sa.Column("reader_id", sa.UUID(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("direction_validity_check")),
        sa.PrimaryKeyConstraint("direction_id", name=op.f("direction_pkey")),
        comment="C15: an employer lets somebody else read its own aggregate reports",
    )
    op.create_index("direction_employer_id_idx", "direction", ["employer_id", "reader_id"], unique=False)
