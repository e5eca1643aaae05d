"""People at random, and what a ledger might release of them: parts under a released whole, neighbours merged until large enough."""

from collections.abc import Callable, Sequence
from random import Random

from reporting.measures.families import Breakdown, Family, Group

Person = tuple[str, int, int]
"""Kind, a, b."""
THRESHOLD = 11


def person(family: Family, dimension: str, random: Random) -> Person:
    kind = random.choice(family.dimensions[dimension])
    if dimension.startswith("time_to"):
        days = min(int(random.expovariate(0.2)), 45)
        return (kind, 24 * days + random.randrange(24), days) if kind in ("reached", "withdrawn") else (kind, -1, -1)
    if dimension == "recommendation":
        return (kind, random.choice((0, 6, 7, 8, 9, 9, 10)), 0) if kind != "unanswered" else (kind, -1, 0)
    if dimension == "outcome":
        return kind, {"no_baseline": 0, "no_follow_up": random.choice((0, 1)), "paired": random.choice((0, 2, 4, 1, 3, 5, 9, 11))}[kind], 0
    if dimension == "engagement":
        return kind, random.randrange(3), 0
    top = 27 if dimension == "phq_9" else 21
    before, after = random.randrange(top + 1), random.randrange(top + 1)
    return kind, -1 if kind == "no_baseline" else before, after if kind == "paired" else -1


def crowd(family: Family, dimension: str, size: int, seed: int) -> Sequence[Person]:
    random = Random(seed)
    likely = person(family, dimension, random)
    return [likely if random.random() < 0.3 else person(family, dimension, random) for _ in range(size)]


def release(
    breakdown: Breakdown, people: Sequence[Person], keep: Callable[[str], bool] = lambda _: True
) -> dict[str, tuple[int, int | None]]:
    """`keep` may withhold whatever it likes besides."""
    found: dict[str, tuple[int, int | None]] = {}
    if len(people) >= THRESHOLD and keep(""):
        found[""] = (len(people), None)
        _level(breakdown, breakdown.groups, "", people, found, keep)
    return found


def _level(
    breakdown: Breakdown,
    level: Sequence[Group],
    before: str,
    people: Sequence[Person],
    found: dict[str, tuple[int, int | None]],
    keep: Callable[[str], bool],
) -> None:
    merged = _merged([(group, [one for one in people if group.holds(*one)]) for group in level])
    if len(merged) < 2:
        return
    for groups, inside in merged:
        name = before + "+".join(group.name for group in groups)
        if keep(name):
            summed = groups[0].summed and len(groups) == 1 and breakdown.weight
            found[name] = (len(inside), sum(summed.value(a, b) for _, a, b in inside) if summed else None)
            if len(groups) == 1 and groups[0].groups:
                _level(breakdown, groups[0].groups, f"{name}/", inside, found, keep)


def _merged(parts: Sequence[tuple[Group, list[Person]]]) -> list[tuple[list[Group], list[Person]]]:
    merged: list[tuple[list[Group], list[Person]]] = []
    for group, inside in parts:
        if merged and (len(merged[-1][1]) < THRESHOLD or (group is parts[-1][0] and len(inside) < THRESHOLD)):
            merged[-1] = ([*merged[-1][0], group], [*merged[-1][1], *inside])
        else:
            merged.append(([group], inside))
    if len(merged) > 1 and len(merged[-1][1]) < THRESHOLD:
        groups, inside = merged.pop()
        merged[-1] = ([*merged[-1][0], *groups], [*merged[-1][1], *inside])
    return merged
