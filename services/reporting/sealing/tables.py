"""`sealing_key`: the key of one recipient token, wrapped. Deleted with the consent; what was sealed with it stays shut."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.schema import moment
from reporting.schema import metadata

sealing_key = sa.Table(
    "sealing_key",
    metadata,
    sa.Column("token", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("wrapped", pg.BYTEA, nullable=False),
    moment("made_at", filled=True),
)
