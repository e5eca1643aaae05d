"""Notices that lead somewhere, and are of use for a while only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("notification", sa.Column("link", sa.Text(), nullable=True))
    op.add_column("notification", sa.Column("not_after", postgresql.TIMESTAMP(timezone=True), nullable=True))
