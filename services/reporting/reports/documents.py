"""What a report says: the one document that pages, CSV, JSON and PDF are made from. Pure.

It holds no name and no id of anybody: whom it is about is said by its audience alone.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import Programme
from reporting.measures.families import Family, Measure, Statistic
from reporting.measures.periods import Span, span_of
from reporting.measures.values import Value
from reporting.release_ledger.cells import ScopeKind

COURSES = ("time_to_first_session_within_5_business_days", "net_promoter_score", "recovery")
"""The measures that are followed over the periods before."""
FOLLOWED: dict[Span, int] = {"month": 12, "quarter": 8, "year": 5}
"""How many periods, the one of the report included."""
ONE_LEVEL: frozenset[Statistic] = frozenset(("count", "share", "net_promoter"))
"""What can be said of the first level of a breakdown alone."""


class Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class Listed(Document):
    """A report that there is. `pooled`: of all smaller employers together, for this one has none of its own (D12)."""

    period: str
    span: Span
    pooled: bool = False

    @property
    def year(self) -> str:
        return self.period[:4]


class Point(Document):
    period: str
    value: Value
    norm: Value | None


class Course(Document):
    """One measure over the calendar periods of one length, the oldest first."""

    family: str
    measure: str
    points: Sequence[Point]


class Measured(Document):
    """`norm`: the same of all employers together (C15); absent where it is not published."""

    code: str
    version: int
    title: str
    definition: str
    denominator: str
    statistic: Statistic
    unit: str
    better: str
    value: Value
    norm: Value | None


class Population(Document):
    """The measures of one family, in the catalogue's order: always all of them (D13). `released_at` is absent before its release."""

    code: str
    version: int
    title: str
    definition: str
    cohort: str
    released_at: datetime | None
    measures: Sequence[Measured]


class Report(Document):
    scope: ScopeKind
    programme: Programme | None
    period: str
    span: Span
    families: Sequence[Population]
    courses: Sequence[Course]

    def find(self, code: str) -> Measured | None:
        return next((one for family in self.families for one in family.measures if one.code == code), None)


def offered(family: Family, measure: Measure, period: str) -> bool:
    """Whether it is in reports of such a period at all: single months have totals, and first levels of monthly breakdowns only."""
    if span_of(period) != "month" or not measure.breakdown:
        return True
    flat = all("/" not in path for path in (*measure.of, *measure.among))
    return flat and measure.statistic in ONE_LEVEL and family.breakdown(measure.breakdown).monthly


def is_normed(period: str) -> bool:
    """The norm is published for quarters and years."""
    return span_of(period) != "month"
