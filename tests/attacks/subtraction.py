"""T4 and T5: what anybody with a pencil does. A published number, less the published numbers of disjoint parts of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from reporting.release_ledger.cells import Decided, Scope, ScopeKind
from tests.attacks.atoms import called, months_in
from tests.attacks.breach import Breach, Found
from tests.attacks.publishing import Published

LARGEST_PROTECTED = 10
Subtraction = tuple[Decided, Sequence[Decided]]


def t4(published: Published) -> Found:
    """Of one scope and group: the longer period less shorter ones; and of one scope and period: the group less its parts."""
    return _tried("T4", [*_periods(_shown(published)), *_parts(_shown(published))])


def t5(published: Published) -> Found:
    """Of one period and group: the norm, a plan, a programme, less the employers, plans, programmes in it."""
    return _tried("T5", _scopes(_shown(published), _plans_of(published)))


def read(published: Published) -> Found:
    """T1 without any calculation: a small number, or nobody, that simply stands there."""
    shown = _shown(published)
    small = [one for one in shown if (one.n or 0) <= LARGEST_PROTECTED]
    return Found(len(shown), tuple(Breach("T1", f"{one.cell.family} {called(one.cell)}", one.n or 0, "published") for one in small))


def less_than_eligible(published: Published) -> Found:
    """T5 with what the employer knows anyway: how many are eligible, less how many of them came. Who did not is a set, too (D4)."""
    eligible = {(str(employer), str(year)): people for (employer, year), people in published.population.eligible.items()}
    examined, breaches = 0, []
    for one in _shown(published):
        people = eligible.get((one.cell.scope.id, one.cell.period[:4]))
        if people is not None and not one.cell.breakdown:
            examined += 1
            if 0 <= people - (one.n or 0) <= LARGEST_PROTECTED:
                breaches.append(Breach("T5", f"who did not come: {called(one.cell)}", people - (one.n or 0), f"{people} - {one.n}"))
    return Found(examined, tuple(breaches))


def _shown(published: Published) -> list[Decided]:
    return [one for one in published.decided if one.n is not None]


def _tried(attack: str, subtractions: Iterable[Subtraction]) -> Found:
    examined, breaches = 0, []
    for whole, parts in subtractions:
        examined += 1
        left = (whole.n or 0) - sum(part.n or 0 for part in parts)
        if 1 <= left <= LARGEST_PROTECTED:
            less = " - ".join(f"[{called(part.cell)} = {part.n}]" for part in parts[:6])
            breaches.append(Breach(attack, f"what is left of {whole.cell.family} {called(whole.cell)}", left, f"{whole.n} - {less}"))
    return Found(examined, tuple(breaches))


def _periods(shown: Iterable[Decided]) -> Iterator[Subtraction]:
    of: dict[tuple[str, Scope, str, str], list[Decided]] = defaultdict(list)
    for one in shown:
        of[one.cell.family + one.cell.period[:4], one.cell.scope, one.cell.breakdown, one.cell.group].append(one)
    for found in of.values():
        months = {one.cell: frozenset(months_in(one.cell.period).nonzero()[0].tolist()) for one in found}
        for whole in found:
            inside = [one for one in found if months[one.cell] < months[whole.cell]]
            yield from ((whole, [one]) for one in inside)
            for length in (1, 3):
                same = [one for one in inside if len(months[one.cell]) == length and "ROLL" not in one.cell.period]
                if len(same) > 1:
                    yield whole, [one for one in same if "YTD" not in one.cell.period]


def _parts(shown: Iterable[Decided]) -> Iterator[Subtraction]:
    of: dict[tuple[str, Scope, str], dict[tuple[str, str], Decided]] = defaultdict(dict)
    for one in shown:
        of[one.cell.family, one.cell.scope, one.cell.period][one.cell.breakdown, one.cell.group] = one
    for found in of.values():
        below: dict[tuple[str, str], list[Decided]] = defaultdict(list)
        for (breakdown, group), one in found.items():
            if breakdown:
                above = group.rpartition("/")[0]
                below[(breakdown, above) if above else ("", "")].append(one)
        for above, parts in below.items():
            whole = found.get(above)
            by_breakdown = {part.cell.breakdown for part in parts}
            for breakdown in by_breakdown if whole else ():
                yield whole, [part for part in parts if part.cell.breakdown == breakdown]


def _scopes(shown: Iterable[Decided], plans_of: dict[str, set[str]]) -> Iterator[Subtraction]:
    of: dict[tuple[str, str, str, str], dict[Scope, Decided]] = defaultdict(dict)
    for one in shown:
        of[one.cell.family, one.cell.period, one.cell.breakdown, one.cell.group][one.cell.scope] = one
    for found in of.values():
        employers = [one for scope, one in found.items() if scope.kind is ScopeKind.EMPLOYER]
        for scope, whole in found.items():
            if scope.kind is ScopeKind.PLAN:
                own = [one for one in employers if plans_of.get(one.cell.scope.id) == {scope.id}]
                programmes = [one for at, one in found.items() if at.kind is ScopeKind.PROGRAMME and at.id.startswith(scope.id)]
                yield from ((whole, parts) for parts in (own, programmes) if parts)
                yield from ((whole, [one]) for one in (*own, *programmes))
            elif scope.kind is ScopeKind.NETWORK:
                plans = [one for at, one in found.items() if at.kind is ScopeKind.PLAN]
                pooled = [one for at, one in found.items() if at.kind is ScopeKind.SMALLER_EMPLOYERS]
                yield from ((whole, parts) for parts in (plans, employers, [*employers, *pooled]) if parts)
                yield from ((whole, [one]) for one in (*plans, *employers, *pooled))


def _plans_of(published: Published) -> dict[str, set[str]]:
    """Which plans an employer's people are in is no secret."""
    found: dict[str, set[str]] = defaultdict(set)
    for rows in published.rows.values():
        for row in rows:
            found[str(row.employer_id)].add(str(row.plan_id))
    return found
