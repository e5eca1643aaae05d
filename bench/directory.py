"""Directory searches at 20,000 providers: ours beside a plain statement on the records, sorted anew and read by offset, in turns."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

from bench import figures, seeding
from bench.directory_people import CALLER, NOW, PLANS, drawn, fill
from bench.directory_plain import plain_search, skipped
from bench.machine import Processor
from common.contracts.vocabulary import Programme
from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from scheduling.app import MIGRATIONS
from scheduling.directory import usecases
from scheduling.directory.rules import place_of
from scheduling.directory.searching import Search
from scheduling.schema import metadata

STATES = ("CA", "NY", "TX", "FL", "MA", "WY")
WORDS = ("anxiety", "trauma burnout", "grief", "couples", "mindful breathing", "alvarez")
WISHES = (
    ("specialty", ("anxiety", "grief", "couples", "adhd"), 0.6),
    ("language", ("es", "zh", "en"), 0.3),
    ("modality", ("cbt", "emdr"), 0.2),
)
PAGE = 20

Ask = Callable[[Database, Search], Awaitable[tuple[Sequence[UUID], Search | None]]]
"""The ids of a page, and how to ask for the next one."""


def mixed(rng: Random) -> Search:
    """What people do: where they live, their plan, some wishes. One of twenty looks over all states."""
    asked: dict[str, Any] = {"order": rng.choice(["rotation", "rotation", "next_open"]), "limit": PAGE}
    if rng.random() < 0.95:
        asked |= {"state": rng.choice(STATES), "programme": rng.choice(list(Programme)), "plan_id": rng.choice(PLANS)}
    any_of = [{f"{name}:{rng.choice(values)}"} for name, values, share in WISHES if rng.random() < share]
    asked["any_of"] = any_of + [{name} for name, share in (("accepting", 0.7), ("in_person", 0.1)) if rng.random() < share]
    if rng.random() < 0.25:
        asked |= {"q": rng.choice(WORDS), "order": rng.choice(["rotation", "relevance"])}
    if rng.random() < 0.2:
        asked["open_before"] = NOW + timedelta(days=rng.choice([2, 5]))
    return Search(**asked)


async def ours(db: Database, asked: Search) -> tuple[Sequence[UUID], Search | None]:
    found = await usecases.search(db, CALLER, asked, NOW)
    more = replace(asked, after=place_of(found.next, asked.order)) if found.next else None
    return [item.provider["provider_id"] for item in found.items], more


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    providers, searches, rounds = (1_000, 40, 1) if quick else (20_000, 200, 4)
    db = await Database.open(await seeding.fresh_database(infrastructure, "bench_directory"), 2)
    await migrate(db, "scheduling", MIGRATIONS, metadata, seeding.STREAMS)
    took = await fill(db, [drawn(number) for number in range(providers)])
    asked = [mixed(Random(number)) for number in range(searches)]
    fewer = asked[: searches // 5]
    sizes = await _same_answers(db, fewer)
    times: dict[str, list[list[float]]] = {}
    with Processor() as processor:
        for number in range(rounds + 1):
            ours_first, ours_fifth = await _measured(db, ours, asked)
            plain_first, plain_fifth = await _measured(db, plain_search, fewer)
            measured = {"ours, page 1": ours_first, "ours, page 5": ours_fifth, "plain, page 1": plain_first, "plain, page 5": plain_fifth}
            for name, samples in measured.items() if number else ():  # the first round warms
                times.setdefault(name, []).append(samples)
    await db.close()
    notes = [f"{providers:,} providers, kept in {took:.0f} s; searches one after the other; the use case on a connection, without HTTP"]
    notes += [f"{len(set(map(repr, asked)))} searches, {len(fewer)} for plain, which both answer alike; medians over {rounds} rounds"]
    notes += [f"a search finds {median(sizes):.0f} providers in the median, {max(sizes)} at most", str(processor)]
    _write(times, notes)


async def _same_answers(db: Database, asked: Sequence[Search]) -> list[int]:
    """How many each search finds. Words apart, which ours finds by their stems, both find the same providers, or there are no figures."""
    sizes = []
    for search in asked:
        everything = replace(search, limit=1_000_000)
        found, _ = await ours(db, everything)
        if search.q is None:
            same, _ = await plain_search(db, everything)
            assert set(found) == set(same), search
        sizes.append(len(found))
    return sizes


async def _measured(db: Database, ask: Ask, asked: Sequence[Search]) -> tuple[list[float], list[float]]:
    """Milliseconds for the first page, and for the fifth where there is one. Plain goes there at once, a cursor page by page."""
    times: tuple[list[float], list[float]] = ([], [])
    for search in asked:
        at: Search | None = search
        for page in range(1, 6):
            if at is None:
                break
            if ask is plain_search and page in (2, 3, 4):
                at = skipped(at)
                continue
            began = time.perf_counter()
            _, at = await ask(db, at)
            if page in (1, 5):
                times[page == 5].append((time.perf_counter() - began) * 1000)
    return times


def _write(times: dict[str, list[list[float]]], notes: Sequence[str]) -> None:
    table: list[Sequence[object]] = [("ms", "p50", "p95", "p99", "n a round")]
    made: dict[str, Any] = {}
    for name, rounds in times.items():
        p50, p95, p99 = (round(median(figures.percentile(samples, share) for samples in rounds), 2) for share in (0.5, 0.95, 0.99))
        table.append((name, p50, p95, p99, len(rounds[0])))
        made[name.replace(", ", "_").replace(" ", "_")] = {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "n": sum(map(len, rounds))}
    figures.write("directory", made, "Directory searches", table, notes)
