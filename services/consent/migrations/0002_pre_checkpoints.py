"""Signed checkpoints of the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous", postgresql.BYTEA(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("checkpoint_pkey")),
    )
    op.create_table(
        "checkpoint_head",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.CheckConstraint("one", name=op.f("checkpoint_head_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("checkpoint_head_pkey")),
    )
    op.execute("insert into checkpoint_head (number, digest) values (0, decode(repeat('00', 32), 'hex'))")
