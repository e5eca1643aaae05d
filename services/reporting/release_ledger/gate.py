"""The audit as a gate (D6): no month is released before each small number in reach has a range that is wide enough. Pure.

Where one has not, the smallest of the new numbers that touch it is withheld, and it is looked at again; with none left to withhold it is as
it was before, so that it always ends. What is withheld only widens ranges: nothing is looked at twice.
"""

from reporting.release_ledger.audit import Table, wide
from reporting.release_ledger.cells import Cell, Reason, ScopeKind
from reporting.release_ledger.desk import Desk
from reporting.release_ledger.linear import Row
from reporting.release_ledger.systems import Filled, System, View


def audit(desk: Desk) -> int:
    """Withholds what has to be. Returns how many small numbers were looked at."""
    if "D6" in desk.policy.off:
        return 0
    return sum(_audit_view(desk, system, view) for system in desk.systems for view in system.joints)


def _audit_view(desk: Desk, system: System, view: View) -> int:
    fresh = [one.cell for one in desk.decided.values() if one.released and _within(desk, system, view, one.cell)]
    if not fresh:
        return 0
    filled = system.filled(view)
    rows = {cell: filled.row(cell) for cell in fresh}
    sizes = {cell: desk.decided[cell].n or 0 for cell in fresh}
    reached = {column for row in rows.values() for column in row}
    small = sorted((one for one in system.named(desk.policy, view, filled, desk.shape.pooled) if not reached.isdisjoint(one)), key=sorted)
    found = _table(desk, system, view, filled)
    for one in small:
        while not wide(found, one, desk.policy.narrowest_range):
            related = [cell for cell, row in rows.items() if not one.isdisjoint(row)]
            if not related:
                break
            least = min(related, key=lambda cell: (sizes[cell], cell))
            del rows[least]
            desk.withhold(least, Reason.RANGE)
            found = _table(desk, system, view, filled)
    return len(small)


def _table(desk: Desk, system: System, view: View, filled: Filled) -> Table:
    own: list[Row] = []
    pooled: list[Row] = []
    for one in {**desk.past, **desk.decided}.values():
        if one.released and _within(desk, system, view, one.cell):
            side = own if one.cell.scope.kind is ScopeKind.EMPLOYER else pooled
            side.append(filled.row(one.cell))
            if desk.with_points(one):
                side.append(filled.row(one.cell, points=True))
    return Table(filled.counts(), own, pooled)


def _within(desk: Desk, system: System, view: View, cell: Cell) -> bool:
    return view.holds(cell) and system in desk.systems_of(cell)
