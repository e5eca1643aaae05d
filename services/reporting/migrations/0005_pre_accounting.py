"""A client's disclosures in the order in which they left."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("disclosure_client_idx", "disclosure", ["client_id", "disclosed_at", "disclosure_id"], unique=False)
    op.drop_index("disclosure_client_id_idx", table_name="disclosure")
