"""One offer: the total, then each breakdown from the top down. Parts are offered only of a number that is shown (D4). Pure."""

from collections.abc import Sequence

from reporting.measures.families import Breakdown, Group
from reporting.release_ledger.cells import Cell, Decided, Reason
from reporting.release_ledger.desk import Desk
from reporting.release_ledger.merging import left_out, parted, too_small
from reporting.release_ledger.offering import Offer
from reporting.release_ledger.slices import Tally, weighted, within

Level = tuple[Breakdown, tuple[str, ...], tuple[Group, ...]]


def decide_offer(desk: Desk, offer: Offer) -> None:
    total = Cell(desk.family.code, offer.scope, offer.period)
    if desk.kept(total):
        return
    if offer.gated:
        desk.withhold(total, Reason.GATE)
        return
    tally = desk.systems[0].slices.tally(total) if desk.systems else Tally()
    reason = desk.primary(total, tally)
    shown = desk.withhold(total, reason) if reason else desk.release(total, tally, False)
    for breakdown in desk.family.breakdowns:
        if not offer.whole and not breakdown.monthly:
            continue
        if shown.released:
            _decide_levels(desk, offer, breakdown, tally.n)
        else:
            _withhold_level(desk, total, (breakdown, (), breakdown.groups), Reason.PARENT)


def _decide_levels(desk: Desk, offer: Offer, breakdown: Breakdown, n: int) -> None:
    total = Cell(desk.family.code, offer.scope, offer.period)
    levels: list[tuple[Level, int]] = [((breakdown, (), breakdown.groups), n)]
    while levels:
        level, whole = levels.pop(0)
        for shown in _decide_level(desk, total, level, whole):
            path = tuple(shown.cell.group.split("/"))
            if offer.whole and shown.n and "+" not in path[-1] and (groups := breakdown.find(path).groups):
                levels.append(((breakdown, path, groups), shown.n))


def _decide_level(desk: Desk, total: Cell, level: Level, whole: int) -> Sequence[Decided]:
    """With a score of points each group follows from any two that are put together: then they are shown one by one, or not at all."""
    breakdown, path, groups = level
    slices = desk.system(breakdown.name).slices
    counts = [slices.tally(_cell(total, level, [group])).n for group in groups]
    parts = parted(desk.policy, counts)
    if not parts or (len(parts) < len(groups) and desk.scored(_parent(total, level))):
        _withhold_level(desk, total, level, Reason.SMALL, counts)
        return []
    cells = [_cell(total, level, [groups[at] for at in part]) for part in parts]
    tallies = [slices.tally(cell) for cell in cells]
    # All are looked at by themselves before one is shown: what must not leave is protected against the others.
    reasons = [desk.primary(cell, tally) or left_out(desk.policy, tally.n, whole) for cell, tally in zip(cells, tallies, strict=True)]
    decided: list[Decided] = []
    for cell, tally, reason, part in zip(cells, tallies, reasons, parts, strict=True):
        summed = len(part) == 1 and weighted(breakdown, (*path, groups[part[0]].name))
        decided.append(desk.withhold(cell, reason) if reason else desk.release(cell, tally, summed))
    return [one for one in decided if one.released]


def _withhold_level(desk: Desk, total: Cell, level: Level, reason: Reason, counts: Sequence[int] = ()) -> None:
    for at, group in enumerate(level[2]):
        large = bool(counts) and not too_small(desk.policy, counts[at])
        desk.withhold(_cell(total, level, [group]), Reason.COMPLEMENT if large else reason)


def _parent(total: Cell, level: Level) -> Cell:
    return Cell(total.family, total.scope, total.period, level[0].name, "/".join(level[1]))


def _cell(total: Cell, level: Level, groups: Sequence[Group]) -> Cell:
    breakdown, path, _ = level
    return Cell(total.family, total.scope, total.period, breakdown.name, within(path, [group.name for group in groups]))
