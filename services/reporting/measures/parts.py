"""The rows of a distribution and of a flow. Pure.

A row for each released group, neighbours that were merged in one row together, and for each other group a row with the mark (D13). So
the rows follow from what was released and from the catalogue, and from no number that was withheld.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from reporting.measures.counting import Counts, Released, members
from reporting.measures.families import Breakdown, Group, Measure
from reporting.measures.precision import half_up
from reporting.measures.values import Part, Value
from reporting.release_ledger.cells import Policy


def distribution(policy: Policy, known: Released, measure: Measure) -> Value:
    """The smallest groups that are released. Where no part of a group is, the group itself."""
    return _value(policy, known, measure, inner=False)


def flow(policy: Policy, known: Released, measure: Measure) -> Value:
    """Every group and its parts, the group first."""
    return _value(policy, known, measure, inner=True)


def _value(policy: Policy, known: Released, measure: Measure, *, inner: bool) -> Value:
    of = known.count_of(measure.among)
    level, before = known.breakdown.groups, ""
    if measure.among:
        level, before = known.breakdown.find(members(measure.among[0])[0]).groups, f"{measure.among[0]}/"
    rows = (_everything if inner else _smallest)(level, before, known.counts)
    parts = [_part(policy, known, group, of) for group in rows]
    shown = any(part.n is not None for part in parts)
    return Value(shown="shown" if shown else "withheld", of=of if shown else None, parts=parts)


def _smallest(level: Sequence[Group], before: str, counts: Counts) -> Iterator[str]:
    for name, group in _rows(level, before, counts):
        below = f"{name}/"
        if group and any(released.startswith(below) for released in counts):
            yield from _smallest(group.groups, below, counts)
        else:
            yield name


def _everything(level: Sequence[Group], before: str, counts: Counts) -> Iterator[str]:
    for name, group in _rows(level, before, counts):
        yield name
        if group:
            yield from _everything(group.groups, f"{name}/", counts)


def _rows(level: Sequence[Group], before: str, counts: Counts) -> Iterator[tuple[str, Group | None]]:
    """Of one level. The group is None where several are in one row."""
    joined = [name for name in counts if "+" in name and name.startswith(before) and "/" not in name[len(before) :]]
    merged = {path[-1]: name for name in joined for path in members(name)}
    said = set()
    for group in level:
        name = merged.get(group.name, f"{before}{group.name}")
        if name not in said:
            yield name, None if group.name in merged else group
        said.add(name)


def _part(policy: Policy, known: Released, name: str, of: int | None) -> Part:
    n = known.counts[name][0] if name in known.counts else None
    told = n is not None and of is not None and of >= policy.interval_from and min(n, of - n) >= policy.threshold
    return Part(
        group=name,
        title=_title(known.breakdown, name),
        n=n,
        share=half_up(Fraction(100 * n, of), 0 if policy.rounded_to > 1 else 1) if told and n is not None and of else None,
        within_target=_within_target(known.breakdown, name),
    )


def _title(breakdown: Breakdown, name: str) -> str:
    first, *others = [breakdown.find(member).title for member in members(name)]
    return "; ".join([first, *(title[:1].lower() + title[1:] for title in others)])


def _within_target(breakdown: Breakdown, name: str) -> bool | None:
    if all(group.name != "within" for group in breakdown.groups):
        return None
    first = {member[0] == "within" for member in members(name)}
    return first.pop() if len(first) == 1 else None
