"""A report from released counts: every measure of the catalogue, in its order, whatever was withheld. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.contracts.vocabulary import Programme
from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Family, Measure
from reporting.measures.periods import span_of
from reporting.measures.statistics import value_of
from reporting.measures.values import Value
from reporting.release_ledger.cells import Scope, ScopeKind
from reporting.reports.documents import COURSES, Course, Measured, Point, Population, Report, is_normed, offered

Counts = Mapping[str, tuple[int, int | None]]
"""By group: how many, and the sum over them where it is published."""
Cells = Mapping[tuple[str, str, str], Counts]
"""By family, period and breakdown."""


@dataclass(frozen=True, slots=True)
class Published:
    """`own`: of whom the report is about; `norm`: of the network. Withheld cells are in neither."""

    own: Cells
    norm: Cells
    released: Mapping[str, datetime]
    """By family, when the report's period was."""


def build(scope: Scope, periods: Sequence[str], published: Published) -> Report:
    """Of the last of these periods, which are all of one length; the others are what it is followed over."""
    period = periods[-1]
    return Report(
        scope=scope.kind,
        programme=Programme(scope.id.split("/")[1]) if scope.kind is ScopeKind.PROGRAMME else None,
        period=period,
        span=span_of(period),
        families=[_population(family, period, published) for family in FAMILIES.values()],
        courses=[
            Course(family=family.code, measure=measure.code, points=[_point(family, measure, at, published) for at in periods])
            for family in FAMILIES.values()
            for measure in _offered(family, period)
            if measure.code in COURSES
        ],
    )


def _population(family: Family, period: str, published: Published) -> Population:
    return Population(
        code=family.code,
        version=family.version,
        title=family.title,
        definition=family.definition,
        cohort=family.cohort,
        released_at=published.released.get(family.code),
        measures=[_measured(family, measure, _point(family, measure, period, published)) for measure in _offered(family, period)],
    )


def _offered(family: Family, period: str) -> Sequence[Measure]:
    return [measure for measure in family.measures if offered(family, measure, period)]


def _measured(family: Family, measure: Measure, point: Point) -> Measured:
    return Measured(
        code=measure.code,
        version=measure.version,
        title=measure.title,
        definition=measure.definition,
        denominator=measure.denominator,
        statistic=measure.statistic,
        unit=measure.unit,
        better=measure.better,
        value=point.value,
        norm=point.norm,
    )


def _point(family: Family, measure: Measure, period: str, published: Published) -> Point:
    norm = _value(family, measure, period, published.norm) if is_normed(period) else None
    return Point(period=period, value=_value(family, measure, period, published.own), norm=norm)


def _value(family: Family, measure: Measure, period: str, cells: Cells) -> Value:
    counts = {**cells.get((family.code, period, ""), {}), **cells.get((family.code, period, measure.breakdown), {})}
    return value_of(family, measure, counts)
