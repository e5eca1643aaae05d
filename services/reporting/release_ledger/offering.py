"""Which numbers are offered, and in which order: fixed by the calendar and by what was known beforehand, never by the counts. Pure.

Year before quarter before month; the plan, its programmes, the norm and the pool of smaller employers before single employers; larger
employers before smaller ones. What comes first is kept where not all can be. An employer's months come with the quarter that holds them.

D12 off: every employer gets everything. D8 off: also year-to-date (`2026-YTD-03`) and rolling quarters (`2026-ROLL-03`), which
no calendar period is. D7 off: all periods of the year closed so far, again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from reporting.measures import periods
from reporting.release_ledger.cells import Policy, Population, Scope, ScopeKind


@dataclass(frozen=True, slots=True)
class Offer:
    """`whole`: all levels of all breakdowns; else the total and the first level of the monthly ones. `gated`: D12 leaves nothing."""

    scope: Scope
    period: str
    whole: bool = True
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Who there is to report about. `employers`: largest first, with how many are eligible."""

    year: int
    pooled: Sequence[Scope]
    employers: Sequence[tuple[UUID, int]]
    own: frozenset[UUID]


def shape(policy: Policy, population: Population, year: int, seen: Iterable[tuple[UUID, UUID, str]]) -> Shape:
    """`seen`: plan, employer and programme of whoever was counted."""
    seen = set(seen)
    eligible = {employer: count for (employer, of), count in population.eligible.items() if of == year}
    everybody = {employer for _, employer, _ in seen} | set(eligible)
    employers = sorted(((employer, eligible.get(employer, 0)) for employer in everybody), key=lambda one: (-one[1], one[0]))
    least = 0 if "D12" in policy.off else policy.employer_eligible
    own = frozenset(employer for employer, count in employers if count >= least)
    plans = sorted({str(plan) for plan, _, _ in seen})
    programmes = sorted({f"{plan}/{programme}" for plan, _, programme in seen})
    pooled = [Scope(ScopeKind.PLAN, plan) for plan in plans] + [Scope(ScopeKind.PROGRAMME, one) for one in programmes]
    pooled.append(Scope(ScopeKind.NETWORK))
    if len(own) < len(everybody):
        pooled.append(Scope(ScopeKind.SMALLER_EMPLOYERS))
    return Shape(year, pooled, employers, own)


def offers(policy: Policy, found: Shape, month: str) -> Iterator[Offer]:
    for period in _complete(policy, month):
        span = span_of(period)
        for scope in found.pooled:
            if span != "month" or scope.kind in (ScopeKind.PLAN, ScopeKind.PROGRAMME):
                yield Offer(scope, period, whole=span != "month")
        if span != "month":
            yield from _employers(policy, found, period)
        if span == "quarter":
            for part in months_of(period):
                yield from _employers(policy, found, part)


def span_of(period: str) -> str:
    return "month" if "YTD" in period or "ROLL" in period else periods.span_of(period)


def months_of(period: str) -> Sequence[str]:
    if "YTD" not in period and "ROLL" not in period:
        return periods.months_of(period)
    last = int(period[-2:])
    first = 1 if "YTD" in period else max(1, last - 2)
    return [f"{period[:4]}-{month:02}" for month in range(first, last + 1)]


def _complete(policy: Policy, month: str) -> Sequence[str]:
    year, last = month[:4], int(month[5:])
    closed = [month] if "D7" not in policy.off else [f"{year}-{number:02}" for number in range(1, last + 1)]
    found = {period for one in closed for period in periods.closed_with(one)}
    if "D8" in policy.off:
        found |= {f"{year}-{kind}-{last:02}" for kind in ("YTD", "ROLL")}
    return sorted(found, key=lambda period: (-len(months_of(period)), period))


def _employers(policy: Policy, found: Shape, period: str) -> Iterator[Offer]:
    span = span_of(period)
    least = {"year": policy.employer_eligible, "quarter": policy.quarters_from, "month": policy.months_from}[span]
    for employer, eligible in found.employers:
        gated = eligible < least and "D12" not in policy.off
        yield Offer(Scope(ScopeKind.EMPLOYER, str(employer)), period, span != "month" or "D12" in policy.off, gated)
