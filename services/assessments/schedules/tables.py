"""`assessment_schedule`: every version of every schedule that was ever in force. None is ever changed."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from assessments.schema import metadata
from common.schema import moment

assessment_schedule = sa.Table(
    "assessment_schedule",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", pg.JSONB, nullable=False),
    moment("recorded_at"),
)
