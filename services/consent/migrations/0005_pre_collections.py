"""Collections of what the services hold of somebody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collection",
        sa.Column("collection_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reply_key", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("wrapping_key", postgresql.BYTEA(), nullable=True),
        sa.Column("private_key", postgresql.BYTEA(), nullable=True),
        sa.Column("begun_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("erased_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("(private_key is null) = (erased_at is not null)", name=op.f("collection_erased_check")),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("collection_pkey")),
    )
    op.create_index(op.f("collection_client_id_idx"), "collection", ["client_id"], unique=False)
    op.create_table(
        "collection_part",
        sa.Column("collection_id", sa.UUID(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("asks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ask_again_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=True),
        sa.Column("collected_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("as_of", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.CheckConstraint("collected_at is null or ask_again_at is null", name=op.f("collection_part_ask_again_at_check")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.collection_id"], name=op.f("collection_part_collection_id_fkey")),
        sa.PrimaryKeyConstraint("collection_id", "service", name=op.f("collection_part_pkey")),
    )
    op.create_index(
        "collection_part_asking_idx",
        "collection_part",
        ["ask_again_at"],
        unique=False,
        postgresql_where=sa.text("ask_again_at is not null"),
    )
    op.create_table(
        "collection_piece",
        sa.Column("collection_id", sa.UUID(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("piece", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id", "service"],
            ["collection_part.collection_id", "collection_part.service"],
            name=op.f("collection_piece_collection_id_service_fkey"),
        ),
        sa.PrimaryKeyConstraint("collection_id", "service", "digest", "piece", name=op.f("collection_piece_pkey")),
    )
