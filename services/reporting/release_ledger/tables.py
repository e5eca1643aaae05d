"""`published_cell`: what left, for ever as it is (D7). `withheld_cell`: what did not, and why. `release`: when and how it was decided.

`population`: how many people an employer says are eligible. Whoever reads reports does so as a role of the database that can read
`published_cell` and `release`, and nothing about anybody (R2).
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.schema import moment
from reporting.schema import metadata

UUID = pg.UUID(as_uuid=True)
READER = "care_connect_reports"

release = sa.Table(
    "release",
    metadata,
    sa.Column("release_id", UUID, primary_key=True),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("family_version", sa.Integer, nullable=False),
    sa.Column("shown", sa.Integer, nullable=False),
    sa.Column("withheld", sa.Integer, nullable=False),
    sa.Column("late", sa.Integer, nullable=False),
    sa.Column("linear_ms", sa.Float, nullable=False),
    sa.Column("audit_ms", sa.Float, nullable=False),
    sa.Column("audited", sa.Integer, nullable=False),
    moment("released_at"),
    sa.UniqueConstraint("family", "month"),
    comment="with the month that was closed came the quarter and the year that it completes",
)

# `n` is null where it is withheld: the row is there either way (D13).
published_cell = sa.Table(
    "published_cell",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("scope_id", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("breakdown", sa.Text, primary_key=True),
    sa.Column("cell_group", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer),
    sa.Column("total", sa.Integer),
    sa.Column("release_id", UUID, nullable=False),
)

withheld_cell = sa.Table(
    "withheld_cell",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("scope_id", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("breakdown", sa.Text, primary_key=True),
    sa.Column("cell_group", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
)

population = sa.Table(
    "population",
    metadata,
    sa.Column("employer_id", UUID, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("eligible", sa.Integer, nullable=False),
    sa.CheckConstraint("eligible between 0 and 10000000", name="eligible"),
    moment("stated_at"),
)
