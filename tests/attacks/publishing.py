"""Plays the calendar: months are closed in their order, the ledger decides, and what it decided is all that an attacker has.

The rules, the catalogue and the employers' sizes are public (Kerckhoffs).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Cell, Counted, Decided, Policy, Population, Scope, ScopeKind
from reporting.release_ledger.deciding import decide
from tests.attacks.employers import MONTHS
from tests.attacks.programme import Programmes, Unit, counted

FOR_EVERYBODY = {ScopeKind.NETWORK, ScopeKind.SMALLER_EMPLOYERS}
OFFERS_A_PLAN = {ScopeKind.PLAN, ScopeKind.PROGRAMME}

Rows = Callable[[Sequence[str]], list[Counted]]
"""What is counted of these closed months."""


@dataclass
class Published:
    policy: Policy
    population: Population
    decided: list[Decided] = field(default_factory=list)
    rows: dict[tuple[str, str], list[Counted]] = field(default_factory=dict)
    """Family and year: what was counted in the end. For judging."""
    versions: list[tuple[Decided, Decided]] = field(default_factory=list)
    """What was shown first, and what later."""
    linear_seconds: float = 0.0
    audit_seconds: float = 0.0
    audited: int = 0

    def released(self, family: str, year: str) -> list[Decided]:
        return [one for one in self.decided if one.released and (one.cell.family, one.cell.period[:4]) == (family, year)]


def publish(policy: Policy, programme: Programmes, families: Sequence[str] = tuple(FAMILIES), months: Sequence[str] = MONTHS) -> Published:
    published = Published(policy, programme.population)
    for family in families:
        units = [unit for unit in programme.units if unit.family == family]
        for year in sorted({month[:4] for month in months}):
            of_year = [month for month in months if month[:4] == year]
            _close(published, family, of_year, _as_counted(units) if "D7" not in policy.off else _as_known(programme, units))
    return published


def replay(policy: Policy, family: str, rows: Iterable[Counted], population: Population, months: Sequence[str]) -> Published:
    """The same with rows made by hand."""
    published = Published(policy, population)
    by_month: dict[str, list[Counted]] = defaultdict(list)
    for row in rows:
        by_month[row.month].append(row)
    _close(published, family, months, lambda closed: [row for month in closed for row in by_month[month]])
    return published


def seen_by(published: Published, audience: Scope | None) -> list[Decided]:
    """`None`: everybody together. A plan or an employer sees its own scopes and what is for everybody."""
    if audience is None:
        return list(published.decided)
    return [one for one in published.decided if one.cell.scope.kind in FOR_EVERYBODY or _own(one.cell, audience)]


def _own(cell: Cell, audience: Scope) -> bool:
    if audience.kind is ScopeKind.PLAN:
        return cell.scope.kind in OFFERS_A_PLAN and cell.scope.id.split("/")[0] == audience.id
    return cell.scope == audience


def _as_counted(units: Iterable[Unit]) -> Rows:
    """Closed months as they were counted then, whatever became known since (D7)."""
    by_month: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        by_month[MONTHS[unit.month]].append(unit)
    rows = {month: counted(found) for month, found in by_month.items()}
    return lambda closed: [row for month in closed for row in rows.get(month, [])]


def _as_known(programme: Programmes, units: Sequence[Unit]) -> Rows:
    """What D7 forbids: closed months as they are known today, late ones in their own month and without who was erased."""

    def found(closed: Sequence[str]) -> list[Counted]:
        today = MONTHS.index(closed[-1])
        known = (unit for unit in units if unit.month <= today and programme.erased.get(unit.client, today + 1) > today)
        return counted(replace(unit, month=unit.own_month) for unit in known if MONTHS[unit.own_month] in closed)

    return found


def _close(published: Published, family: str, months: Sequence[str], rows_of: Rows) -> None:
    past: dict[Cell, Decided] = {}
    rows: list[Counted] = []
    for at, month in enumerate(months):
        rows = rows_of(months[: at + 1])
        decision = decide(published.policy, FAMILIES[family], month, rows, published.population, list(past.values()))
        published.versions += [(past[one.cell], one) for one in decision.decided if one.cell in past]
        past |= {one.cell: one for one in decision.decided}
        published.linear_seconds += decision.linear_seconds
        published.audit_seconds += decision.audit_seconds
        published.audited += decision.audited
    published.decided += past.values()
    published.rows[family, months[0][:4]] = rows
