"""Reading what was published: which reports there are, what one of them says, and by which rules a number may be missing in it."""

from collections.abc import Sequence
from uuid import UUID

from common.contracts.vocabulary import Programme
from common.db import Pool
from common.problems import Problem
from reporting.measures.catalogue import FAMILIES
from reporting.measures.explaining import why_hidden
from reporting.measures.periods import months_of, span_of
from reporting.release_ledger.cells import Scope, ScopeKind
from reporting.reports import tables
from reporting.reports.building import Published, build
from reporting.reports.documents import FOLLOWED, Listed, Report, is_normed, offered

NETWORK = Scope(ScopeKind.NETWORK)
SMALLER = Scope(ScopeKind.SMALLER_EMPLOYERS)


def of_employer(employer_id: UUID) -> Scope:
    return Scope(ScopeKind.EMPLOYER, str(employer_id))


def of_plan(plan_id: UUID, programme: Programme | None) -> Scope:
    return Scope(ScopeKind.PROGRAMME, f"{plan_id}/{programme.value}") if programme else Scope(ScopeKind.PLAN, str(plan_id))


async def list_reports(reader: Pool, scope: Scope) -> Sequence[Listed]:
    """The latest first. An employer without a report of its own in a year gets those of all smaller employers together."""
    own = await tables.periods_of(reader, scope)
    years = {period[:4] for period in own}
    pooled = [p for p in await tables.periods_of(reader, SMALLER) if p[:4] not in years] if scope.kind is ScopeKind.EMPLOYER else []
    every = [Listed(period=p, span=span_of(p)) for p in own] + [Listed(period=p, span=span_of(p), pooled=True) for p in pooled]
    return sorted(every, key=_latest_first, reverse=True)


def _latest_first(one: Listed) -> tuple[str, int]:
    """By its last month; of those that end together the longest first."""
    months = months_of(one.period)
    return months[-1], len(months)


async def read_report(reader: Pool, scope: Scope, period: str) -> Report:
    """Raises Problem (`not_found`) where there is none for such a period."""
    listed = await list_reports(reader, scope)
    about = SMALLER if _find(listed, period).pooled else scope
    followed = _followed(listed, period)
    own = await tables.cells_of(reader, about, followed)
    norm = await tables.cells_of(reader, NETWORK, [one for one in followed if is_normed(one)])
    return build(about, followed, Published(own, norm, await tables.released_with(reader, months_of(period)[-1])))


async def explain_measure(reader: Pool, scope: Scope, period: str, code: str) -> Sequence[str]:
    """By which rules it may be missing there; the same whether it is or not. Raises Problem where the report has no such measure."""
    _find(await list_reports(reader, scope), period)
    for family in FAMILIES.values():
        for measure in family.measures:
            if measure.code == code and offered(family, measure, period):
                return why_hidden(family, measure)
    raise Problem("not_found", "There is no such measure in this report.")


def _find(listed: Sequence[Listed], period: str) -> Listed:
    found = next((one for one in listed if one.period == period), None)
    if found is None:
        raise Problem("not_found", "There is no report for this period.")
    return found


def _followed(listed: Sequence[Listed], period: str) -> Sequence[str]:
    """It and those of its length before it, the oldest first."""
    asked = _find(listed, period)
    alike = [one.period for one in reversed(listed) if one.span == asked.span and one.pooled == asked.pooled]
    return alike[: alike.index(period) + 1][-FOLLOWED[asked.span] :]
