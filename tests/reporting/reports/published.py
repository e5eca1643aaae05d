"""Cells as a release leaves them in the database: a programme of some years, with what is withheld as rows without a number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

import asyncpg

from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Breakdown, Family, Group
from reporting.measures.periods import last_day, months_of, span_of
from reporting.release_ledger.cells import Scope
from reporting.schema import metadata

FEWEST = 11
NAMESPACE = UUID("6f1f0d3e-8f1c-4b55-9b0e-0d8f5f6f6f01")
USUAL: Mapping[str, float] = {
    **{
        "day_1": 9,
        "day_2": 14,
        "day_3": 17,
        "day_4": 15,
        "day_5": 13,
        "day_10": 9,
        "day_20": 4,
        "beyond": 1,
        "open": 5,
        "early": 1,
        "late": 2,
    },
    **{"waitlisted": 1, "week_1": 8, "week_2": 6, "month_1": 4, "promoters": 42, "passives": 21, "detractors": 11, "unanswered": 26},
    **{"no_baseline": 14, "not_elevated": 26, "not_followed_up": 18, "reliably": 22, "otherwise": 3, "not_recovered": 17},
    **{
        "not_measurable": 36,
        "improved": 38,
        "unchanged": 19,
        "deteriorated": 5,
        "unpaired": 36,
        "below_10": 20,
        "remitted": 12,
        "halved": 14,
    },
    **{"not_halved": 17, "minimal": 12, "mild": 24, "moderate": 26, "moderately_severe": 15, "severe": 9},
    **{"one": 22, "two_or_three": 33, "four_or_more": 45},
}
PER_PERSON = {"recommendation": 0.42, "phq_9.change": 4.7, "gad_7.change": 4.1}
Row = tuple[str, str, str, str, str, str, int | None, int | None]


@dataclass(frozen=True)
class Told:
    """So many people a month of a family, and how their groups lean: more than 1 is more of those who got there in time, and recovered."""

    scope: Scope
    monthly: float
    lean: float = 1.0


async def database_of(infrastructure: Infrastructure, name: str) -> str:
    """A reporting database of its own, empty."""
    await infrastructure.create_database(name)
    url = infrastructure.dsn(name)
    db = await Database.open(url, 2)
    await migrate(db, "reporting", MIGRATIONS, metadata, 16)
    await db.close()
    return url


async def publish(url: str, periods: Sequence[str], told: Iterable[Told]) -> None:
    """Everything that is offered of these periods; the same numbers every time."""
    rows = [row for one in told for period in periods for row in rows_of(one, period)]
    connection = await asyncpg.connect(url)
    try:
        await insert(connection, rows)
        await release(connection, sorted({months_of(period)[-1] for period in periods}))
    finally:
        await connection.close()


async def insert(connection: "asyncpg.Connection[asyncpg.Record]", rows: Iterable[Row]) -> None:
    columns = ["family", "scope", "scope_id", "period", "breakdown", "cell_group", "n", "total", "release_id"]
    await connection.copy_records_to_table("published_cell", records=[(*row, NAMESPACE) for row in rows], columns=columns)


async def release(connection: "asyncpg.Connection[asyncpg.Record]", months: Iterable[str]) -> None:
    for family in FAMILIES:
        for month in months:
            day = last_day(month) + timedelta(days=31)
            at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
            values = (uuid5(NAMESPACE, f"{family} {month}"), family, month, at)
            await connection.execute("insert into release values ($1, $2, $3, 1, 0, 0, 0, 0, 0, 0, $4) on conflict do nothing", *values)


def rows_of(told: Told, period: str) -> Iterator[Row]:
    for family in FAMILIES.values():
        people = round(told.monthly * len(months_of(period)) * (0.7 if family.code == "in_treatment" else 1))
        about = (family.code, told.scope.kind.value, told.scope.id, period)
        yield *about, "", "", people if people >= FEWEST else None, None
        for breakdown in family.breakdowns:
            if span_of(period) != "month" or breakdown.monthly:
                rng = Random(f"{told.scope} {period} {breakdown.name}")
                for group, n, total in _cells(family, breakdown, people, told.lean, rng, span_of(period) == "month"):
                    yield *about, breakdown.name, group, n, total


def _cells(
    family: Family, breakdown: Breakdown, people: int, lean: float, rng: Random, flat: bool
) -> Iterator[tuple[str, int | None, int | None]]:
    counted = dict(_counted(breakdown.groups, "", people, lean, rng))
    shown = people >= FEWEST
    for group, n in _offered(breakdown.groups, "", counted, people if shown else 0, flat):
        known = breakdown.find(tuple(group.split("/"))) if "+" not in group else None
        total = round(n * PER_PERSON.get(breakdown.name, 1) * lean) if n is not None and known and known.summed else None
        yield group, n, total


def _counted(level: Sequence[Group], before: str, people: int, lean: float, rng: Random) -> Iterator[tuple[str, int]]:
    """How many are in each group: by the usual weights, give or take a little."""
    weights = [_weight(group, before, lean) * rng.uniform(0.9, 1.1) for group in level]
    ends = [round(people * sum(weights[: place + 1]) / sum(weights)) for place in range(len(level))]
    for group, start, end in zip(level, [0, *ends], ends, strict=False):
        path = f"{before}{group.name}"
        yield path, end - start
        if group.groups:
            yield from _counted(group.groups, f"{path}/", end - start, lean, rng)


def _weight(group: Group, before: str, lean: float) -> float:
    if group.groups:
        return sum(_weight(part, f"{before}{group.name}/", lean) for part in group.groups)
    good = before.startswith("within") or group.name in ("reliably", "improved", "promoters")
    return USUAL.get(group.name, 3) * (lean if good else 1)


def _offered(level: Sequence[Group], before: str, counted: Mapping[str, int], of: int, flat: bool) -> Iterator[tuple[str, int | None]]:
    """Neighbours are merged until each is large enough; what cannot be parted is withheld as a whole."""
    merged: list[tuple[list[Group], int]] = []
    for group in level:
        n = counted[f"{before}{group.name}"]
        if merged and (merged[-1][1] < FEWEST or n < FEWEST):
            merged[-1][0].append(group)
            merged[-1] = (merged[-1][0], merged[-1][1] + n)
        else:
            merged.append(([group], n))
    if len(merged) < 2 or of < 2 * FEWEST:
        yield from ((f"{before}{group.name}", None) for group in level)
        return
    for groups, n in merged:
        path = before + "+".join(group.name for group in groups)
        yield path, n if n >= FEWEST else None
        if len(groups) == 1 and groups[0].groups and n >= FEWEST and not flat:
            yield from _offered(groups[0].groups, f"{path}/", counted, n, flat)
