"""How numbers, periods and audiences are written, where no page's texts say it. Pure."""

from reporting.measures.periods import span_of
from reporting.measures.values import Value
from reporting.release_ledger.cells import ScopeKind
from reporting.reports.documents import Report

WITHHELD = "Not shown: protects privacy"
"""The one mark (D2)."""
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
ABOUT = {
    ScopeKind.EMPLOYER: "Your organisation's people who used the programme",
    ScopeKind.SMALLER_EMPLOYERS: "All smaller employers together: your organisation has no report of its own for this period",
    ScopeKind.PLAN: "All clients of your plan",
    ScopeKind.PROGRAMME: "Your plan's clients in one programme",
    ScopeKind.NETWORK: "All employers together",
}


def figure(value: Value, unit: str) -> str:
    """With its unit; in words; or the mark."""
    if value.shown == "withheld":
        return WITHHELD
    if value.value is None:
        return value.words
    said = number(value.value) + ("" if not unit else f" {unit}")
    return f"{value.words} {said}" if value.words else said


def number(value: float) -> str:
    """A true minus; no decimal that says nothing."""
    return f"{value:,.1f}".removesuffix(".0").replace("-", "−")


def interval(value: Value) -> str:
    return "–" if value.low is None or value.high is None else f"{number(value.low)} to {number(value.high)}"


def period_name(period: str) -> str:
    match span_of(period):
        case "year":
            return period
        case "quarter":
            return f"{period[5:]} {period[:4]}"
        case "month":
            return f"{MONTHS[int(period[5:]) - 1]} {period[:4]}"


def about(report: Report) -> str:
    return f"{ABOUT[report.scope]} ({report.programme.value.replace('_', ' ')})" if report.programme else ABOUT[report.scope]
