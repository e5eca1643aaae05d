"""What is known of clients for counting (facts), what each counts as (unit), and the counts themselves (rollup).

Facts are kept by events, in any order. Every table of facts is written from one publisher only, so that two transactions never wait for
each other. A client whose facts changed is marked, and counted again as a whole (counting.py), so that a unit is a function of what is
known. Units and counts of a closed month never change (D7).
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.schema import moment
from reporting.schema import metadata

UUID = pg.UUID(as_uuid=True)

counted_client = sa.Table(
    "counted_client",
    metadata,
    sa.Column("client_id", UUID, primary_key=True),
    sa.Column("plan_id", UUID, nullable=False),
    sa.Column("employer_id", UUID, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
)

# Parts of an episode arrive in any order: every column may be missing for a while. `ended_position` is the journal's position of the
# event that told whether the client has withdrawn; the latest one counts.
episode_fact = sa.Table(
    "episode_fact",
    metadata,
    sa.Column("episode_id", UUID, primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    sa.Column("employer_id", UUID),
    sa.Column("programme", sa.Text),
    moment("sought_at", nullable=True),
    sa.Column("served", sa.Boolean),
    moment("scheduled_at", nullable=True),
    sa.Column("scheduled_seconds", sa.Integer),
    sa.Column("scheduled_days", sa.Integer),
    moment("consulted_at", nullable=True),
    sa.Column("consulted_seconds", sa.Integer),
    sa.Column("consulted_days", sa.Integer),
    moment("first_session_at", nullable=True),
    sa.Column("first_session_seconds", sa.Integer),
    sa.Column("first_session_days", sa.Integer),
    moment("withdrawn_at", nullable=True),
    sa.Column("ended_position", sa.BigInteger),
)

# What the programme's rule set said last, by the journal's position. Null is: not measurable.
outcome_fact = sa.Table(
    "outcome_fact",
    metadata,
    sa.Column("episode_id", UUID, primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("elevated", sa.Boolean),
    sa.Column("improved", sa.Boolean),
    sa.Column("deteriorated", sa.Boolean),
    sa.Column("recovered", sa.Boolean),
    sa.Column("baseline_ids", pg.ARRAY(UUID), nullable=False),
    sa.Column("follow_up_ids", pg.ARRAY(UUID), nullable=False),
)

request_fact = sa.Table(
    "request_fact",
    metadata,
    sa.Column("request_id", UUID, primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    sa.Column("episode_id", UUID),
    sa.Column("provider_id", UUID, nullable=False),
    moment("requested_at"),
)

session_fact = sa.Table(
    "session_fact",
    metadata,
    sa.Column("appointment_id", UUID, primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    sa.Column("request_id", UUID, nullable=False),
    sa.Column("provider_id", UUID, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("held_on", sa.Date, nullable=False),
)

score_fact = sa.Table(
    "score_fact",
    metadata,
    sa.Column("response_id", UUID, primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("total", sa.Integer),
    sa.Column("total_method", sa.Text, nullable=False),
)

asked_fact = sa.Table(
    "asked_fact",
    metadata,
    sa.Column("asked_id", UUID, primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    sa.Column("episode_id", UUID),
    sa.Column("programme", sa.Text, nullable=False),
    moment("asked_at", nullable=True),
    moment("answered_at", nullable=True),
    sa.Column("score", sa.Integer),
    comment="asked_id: the assignment, or the response where nobody had asked",
)

# Every change leaves a mark of its own: one that is there may be taken up this very moment, by somebody who has not seen the change.
recount_mark = sa.Table(
    "recount_mark",
    metadata,
    sa.Column("mark_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("client_id", UUID, nullable=False, index=True),
    moment("retry_at", nullable=True),
)

# A client counts once a family and calendar year, the year of `month`. `bins`: {dimension: [kind, a, b]}.
unit = sa.Table(
    "unit",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("client_id", UUID, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("unit_id", UUID, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("plan_id", UUID, nullable=False),
    sa.Column("employer_id", UUID, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("provider_id", UUID),
    sa.Column("bins", pg.JSONB, nullable=False),
    sa.UniqueConstraint("family", "unit_id"),
    sa.Index("unit_month_idx", "family", "month"),
)

rollup = sa.Table(
    "rollup",
    metadata,
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("dimension", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("plan_id", UUID, nullable=False),
    sa.Column("employer_id", UUID, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("provider_id", UUID),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("a", sa.SmallInteger, nullable=False),
    sa.Column("b", sa.SmallInteger, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.UniqueConstraint(
        "family", "month", "dimension", "plan_id", "employer_id", "programme", "provider_id", "kind", "a", "b",
        name="rollup_key", postgresql_nulls_not_distinct=True,
    ),
    sa.Index("rollup_empty_idx", "family", postgresql_where=sa.text("n = 0")),
)  # fmt: skip

# `positions`: what had been applied of each publisher when the month was closed, so that a rebuild closes it at the same place; without
# the events in `parked`, which waited with their clients. `number`: which was closed first.
closing = sa.Table(
    "closing",
    metadata,
    sa.Column("family", sa.Text, primary_key=True),
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("positions", pg.JSONB, nullable=False),
    sa.Column("parked", pg.ARRAY(UUID), nullable=False),
    moment("closed_at"),
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
)
