"""`visit`: a session that is scheduled or was held, with who pays for it. `coverage_choice`: how it goes on after the last one.

C16: how often somebody is seen stays in here; no route shows it to a provider, an employer or a plan.
"""


import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.schema import moment
from scheduling.clients.tables import client
from scheduling.employers.tables import employer
from scheduling.schema import metadata

visit = sa.Table(
    "visit",
    metadata,
    sa.Column("appointment_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), nullable=False),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("on_date", sa.Date, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("funding", sa.Text, nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("limit", sa.Integer),
    sa.Index("visit_client_idx", "client_id", "programme", "on_date"),
)

coverage_choice = sa.Table(
    "coverage_choice",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), sa.ForeignKey(client.c.client_id), primary_key=True),
    sa.Column("programme", sa.Text, primary_key=True),
    sa.Column("employer_id", pg.UUID(as_uuid=True), sa.ForeignKey(employer.c.employer_id), primary_key=True),
    sa.Column("period_starts_on", sa.Date, primary_key=True),
    sa.Column("choice", sa.Text, nullable=False),
    moment("chosen_at"),
)
