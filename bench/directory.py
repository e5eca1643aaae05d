"""Directory searches at 20,000 providers: our statement beside a plain table read by offset, the same searches in turns."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from bench import directory_plain, figures, seeding
from bench.directory_people import PLANS, drawn, fill
from bench.machine import Processor
from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Database
from deploy.local.infrastructure import Infrastructure
from scheduling.directory import usecases
from scheduling.directory.searching import Search

PROVIDERS, STATES = 20_000, ("CA", "NY", "TX", "FL", "MA", "WY")
NOW = datetime.now(UTC)
LOOKING = [Principal(UUID(int=number), Role.OPERATIONS, 0) for number in range(1, 200)]
WORDS = ("anxiety", "trauma work", '"grief support" or loss', "burnout -couples", "mindful breathing", "alvarez")

Ask = Callable[[Search], Awaitable[Sequence[UUID]]]


def mixed(rng: Random) -> Search:
    """What people do: where they live, their plan, and a few wishes; now and then a look over the whole country."""
    asked: dict[str, Any] = {"order": rng.choice(["rotation", "rotation", "next_open"]), "limit": 20}
    if rng.random() < 0.95:
        asked |= {"state": rng.choice(STATES), "programme": rng.choice(list(Programme)), "plan_id": rng.choice(PLANS)}
    wishes = [("specialty", ["anxiety", "grief", "couples", "adhd"], 0.6), ("language", ["es", "zh", "en"], 0.3), ("modality", ["cbt", "emdr"], 0.2)]
    any_of = [{f"{name}:{rng.choice(values)}"} for name, values, share in wishes if rng.random() < share]
    asked["any_of"] = any_of + [{name} for name, share in (("accepting", 0.7), ("in_person", 0.1)) if rng.random() < share]
    if rng.random() < 0.25:
        asked |= {"q": rng.choice(WORDS), "order": rng.choice(["rotation", "relevance"])}
    if rng.random() < 0.2:
        asked["open_before"] = NOW + timedelta(days=rng.choice([2, 5]))
    return Search(**asked)


async def run(infrastructure: Infrastructure, quick: bool) -> None:
    providers, searches, rounds = (1_000, 60, 1) if quick else (PROVIDERS, 400, 5)
    url = await seeding.tables_of("scheduling", infrastructure, "bench_directory")
    db = await Database.open(url)
    took = await fill(db, [drawn(Random(number), NOW) for number in range(providers)], NOW)
    plain = await directory_plain.made(db)
    asked = [mixed(Random(number)) for number in range(searches)]
    await _same_answers(db, plain, asked)
    times: dict[str, list[list[float]]] = {"ours": [], "ours, next page": [], "plain": []}
    with Processor() as processor:
        for number in range(rounds + 1):
            for name, each in (("ours", _ours), ("ours, next page", _next_page), ("plain", _plain)):
                measured = await each(db, asked)
                if number:  # the first round warms
                    times[name].append(measured)
    await db.close()
    _write(times, providers, took, str(processor))
