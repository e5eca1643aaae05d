"""What the page of a report shows: tiles, charts, and beside every chart a table with the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.pages.language import Texts
from reporting.measures.catalogue import FAMILIES
from reporting.measures.explaining import why_hidden
from reporting.measures.values import Part
from reporting.reports.chart import PERCENT, SCORE, Axis, Bar, Bars, Beside, Comparison, Seen, Trend, bars, comparison, trend
from reporting.reports.csv_file import parts_of
from reporting.reports.documents import Course, Measured, Population, Report
from reporting.reports.phrases import Say
from reporting.reports.wording import number

TILES = (
    "time_to_first_session_within_5_business_days",
    "time_to_first_session_median_business_days",
    "net_promoter_score",
    "recovery",
    "reliable_improvement",
    "reliable_deterioration",
    "follow_up_answered",
    "clients_seeking_care",
)
COMPARED = (
    "time_to_schedule_within_5_business_days",
    "time_to_consultation_within_5_business_days",
    "time_to_first_session_within_5_business_days",
    "satisfaction_response_rate",
    "follow_up_answered",
    "recovery",
    "reliable_recovery",
    "reliable_improvement",
    "reliable_deterioration",
)
"""Shares in per cent: on one axis."""
PROMISED = ("time_to_first_session_distribution",)
"""S9 promises the first session; the other clocks have no promise in business days. What was promised stands first."""

WHY = {measure.code: why_hidden(family, measure) for family in FAMILIES.values() for measure in family.measures}
WORSE = frozenset(("deteriorated", "detractors", "not_recovered"))
UNCHANGED = frozenset(("no_baseline", "not_measurable", "not_followed_up", "passives", "unchanged"))


@dataclass(frozen=True, slots=True)
class Tile:
    family: Population
    measured: Measured
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A distribution or a flow: the chart, and the rows of its table (the part, and the norm's part)."""

    tile: Tile
    chart: Bars
    rows: Sequence[tuple[Part, Part | None]]

    @property
    def measured(self) -> Measured:
        return self.tile.measured

    @property
    def whole(self) -> bool:
        return all(part.n is not None for part, _ in self.rows)


@dataclass(frozen=True, slots=True)
class Followed:
    measured: Measured
    course: Course
    chart: Trend


@dataclass(frozen=True, slots=True)
class Section:
    family: Population
    drawn: Sequence[Drawn]
    followed: Sequence[Followed]
    figures: Sequence[Tile]
    """All measures that are one number."""


@dataclass(frozen=True, slots=True)
class View:
    report: Report
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    compared: Comparison | None
    promoter: Comparison | None
    beside: Sequence[Measured]
    """The rows of the table of both comparisons."""


def view_of(report: Report, t: Texts, say: Say) -> View:
    tiles = {m.code: _tile(family, m) for family in report.families for m in family.measures}
    beside = [tiles[code].measured for code in (*COMPARED, "net_promoter_score") if code in tiles and tiles[code].measured.norm]
    return View(
        report=report,
        tiles=[tiles[code] for code in TILES if code in tiles],
        sections=[_section(report, family, t, say) for family in report.families],
        compared=_comparison(PERCENT, [m for m in beside if m.unit == "%"], t, say),
        promoter=_comparison(SCORE, [m for m in beside if m.unit != "%"], t, say),
        beside=beside,
    )


def _tile(family: Population, measured: Measured) -> Tile:
    return Tile(family, measured, WHY[measured.code])


def _section(report: Report, family: Population, t: Texts, say: Say) -> Section:
    courses = {course.measure: course for course in report.courses}
    charted = [one for one in family.measures if one.statistic in ("distribution", "flow")]
    return Section(
        family=family,
        drawn=[_drawn(_tile(family, one), t, say) for one in sorted(charted, key=lambda one: one.code not in PROMISED)],
        followed=[_followed(one, courses[one.code]) for one in family.measures if one.code in courses],
        figures=[_tile(family, one) for one in family.measures if one.statistic not in ("distribution", "flow")],
    )


def _drawn(tile: Tile, t: Texts, say: Say) -> Drawn:
    measured = tile.measured
    depth = min((part.group.count("/") for part in measured.value.parts), default=0) if measured.statistic == "flow" else None
    given = [
        Bar(say(p.title), said(p, t), p.share, _kind(p), 0 if depth is None else p.group.count("/") - depth) for p in measured.value.parts
    ]
    return Drawn(tile, bars(given, "S9" if measured.code in PROMISED else ""), list(parts_of(measured)))


def said(part: Part, t: Texts) -> str:
    if part.n is None:
        return t("withheld")
    return t("share_of", share=number(part.share), n=f"{part.n:,}") if part.share is not None else f"{part.n:,}"


def _kind(part: Part) -> str:
    """Which pattern."""
    if part.within_target is not None:
        return "within" if part.within_target else "waiting" if "not_reached" in part.group else "later"
    first = part.group.rsplit("/", 1)[-1].split("+")[0]
    return "later" if first in WORSE else "waiting" if first in UNCHANGED else "within"


def _followed(measured: Measured, course: Course) -> Followed:
    axis = SCORE if measured.statistic == "net_promoter" else PERCENT
    seen = [Seen(p.period, p.value.value, p.value.low, p.value.high, p.norm.value if p.norm else None) for p in course.points]
    return Followed(measured, course, trend(axis, seen))


def _comparison(axis: Axis, measures: Sequence[Measured], t: Texts, say: Say) -> Comparison | None:
    """The network is beside nobody's months (it is published for quarters and years)."""
    given = [_beside(one, t, say) for one in measures]
    return comparison(axis, given) if given else None


def _beside(one: Measured, t: Texts, say: Say) -> Beside:
    value, norm = one.value, one.norm
    title = t.named("tile", one.code)
    mark = t("withheld") if value.shown == "withheld" else say(value.words) if value.value is None else ""
    return Beside(title, mark, value.value, value.low, value.high, norm.value if norm else None)
