"""T7: what a percentage, a score or a median gives away. The shown figure and the number of people it is about are all that is used."""

from collections.abc import Iterator, Mapping

from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Measure
from reporting.release_ledger.cells import Decided, Scope
from tests.attacks.breach import Breach, Found, together
from tests.attacks.publishing import Published

LARGEST_PROTECTED = 10
NARROWEST = 3
Groups = Mapping[str, Decided]


def t7(published: Published) -> Found:
    found = []
    for family in FAMILIES.values():
        for scope, period, cells in _reports(published, family.code):
            for measure in family.measures:
                groups = {group: one for (breakdown, group), one in cells.items() if breakdown == measure.breakdown}
                if ("", "") in cells:
                    groups[""] = cells["", ""]
                found.append(_tried(measure, groups, f"{family.code} {scope.kind} {scope.id} {period}"))
    return together(*found)


def _reports(published: Published, family: str) -> Iterator[tuple[Scope, str, dict[tuple[str, str], Decided]]]:
    found: dict[tuple[Scope, str], dict[tuple[str, str], Decided]] = {}
    for one in published.decided:
        if one.released and one.cell.family == family:
            found.setdefault((one.cell.scope, one.cell.period), {})[one.cell.breakdown, one.cell.group] = one
    yield from ((*key, cells) for key, cells in found.items())


def _tried(measure: Measure, groups: Groups, where: str) -> Found:
    among = [groups.get(path) for path in measure.among or ("",)]
    parts = [groups.get(path) for path in measure.of]
    if not parts or any(one is None for one in (*among, *parts)):
        return Found(0)
    people = sum(one.n or 0 for one in among if one)
    if measure.statistic == "share":
        least, most = share_between(round(100 * sum(one.n or 0 for one in parts if one) / people, 1), people)
        return _judged(measure.code, where, (least, most), (people - most, people - least))
    if measure.statistic == "net_promoter" and (one := parts[0]) is not None and one.total is not None and one.n:
        return _judged(measure.code, where, *score_between(round(100 * one.total / one.n), one.n))
    return Found(0)


def share_between(shown: float, people: int) -> tuple[int, int]:
    fitting = [count for count in range(people + 1) if round(100 * count / people, 1) == shown]
    return fitting[0], fitting[-1]


def score_between(shown: int, people: int) -> tuple[tuple[int, int], ...]:
    """Promoters, passives, detractors, least and most of each."""
    fitting = [
        (promoters, people - promoters - detractors, detractors)
        for promoters in range(people + 1)
        for detractors in range(people - promoters + 1)
        if round(100 * (promoters - detractors) / people) == shown
    ]
    return tuple((min(part), max(part)) for part in zip(*fitting, strict=True))


def _judged(code: str, where: str, *between: tuple[int, int]) -> Found:
    """A count that is small for sure, and known to within less than three."""
    pinned = [(least, most) for least, most in between if most <= LARGEST_PROTECTED and most - least < NARROWEST]
    return Found(len(between), tuple(Breach("T7", f"{where} {code}", most, f"between {least} and {most}") for least, most in pinned))
