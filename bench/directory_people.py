"""Providers as there could be many, drawn from a seed; kept by the service's own statements."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, get_args
from uuid import UUID

import sqlalchemy as sa

from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Database
from scheduling.availability.openings import next_opening
from scheduling.directory import tables as directory
from scheduling.providers import tables
from scheduling.providers.record import Credential, Licence, Participation, Provider
from scheduling.providers.rules import placed
from scheduling.providers.vocabulary import CURRENT_TERMS, TERMS, Modality, Specialty

NOW = datetime.now(UTC)
CALLER = Principal(UUID(int=5), Role.OPERATIONS, 0)
PLANS = tuple(UUID(int=number) for number in range(1, 4))
STATES = (
    ("CA", 12),
    ("TX", 9),
    ("FL", 7),
    ("NY", 9),
    ("PA", 4),
    ("IL", 4),
    ("MA", 4),
    ("WA", 3),
    ("CO", 3),
    ("OH", 3),
    ("GA", 3),
    ("WY", 1),
)
LANGUAGES = (("en",), ("en", "es"), ("en", "es-MX"), ("en", "zh"), ("en", "fr"), ("en",), ("en",))
NAMES = ("Alvarez", "Reed", "Chen", "Okafor", "Patel", "Kim", "Novak", "Haddad", "Silva", "Moore")
SAID = (
    "I help people with anxiety find calm through mindful breathing and cognitive work.",
    "Grief and loss change a life; grief support is at the centre of my practice.",
    "Twenty years of experience with trauma, work stress and burnout.",
    "Couples and families learn to listen to each other again.",
    "Warm, direct, and practical; homework between sessions if you like.",
    "Therapy for students, new parents and people who start over.",
)


def drawn(number: int) -> tuple[Provider, datetime | None]:
    """Nine of ten meet all of S3; seven of ten have an open slot within two weeks."""
    rng, today = Random(number), NOW.date()
    states, weights = zip(*STATES, strict=True)
    homes = set(rng.choices(states, weights, k=rng.choice([1, 1, 1, 2, 3])))
    good_until = today + timedelta(days=rng.randint(1, 900) if rng.random() < 0.95 else -1)
    joined: dict[str, Any] = {"terms_version": CURRENT_TERMS, "agreed": TERMS, "agreed_at": NOW}
    provider = Provider(
        provider_id=UUID(int=rng.getrandbits(128), version=4),
        name=f"{chr(65 + rng.randrange(26))}. {rng.choice(NAMES)}",
        state=min(homes),
        degree=rng.choice(["masters", "masters", "psychology_doctorate", "nurse_practitioner"]),
        licences=tuple(Licence(state=state, kind="full", expires_on=good_until) for state in sorted(homes)),
        credentials=tuple(
            Credential(plan_id=plan_id, under_network_tax_id=True, starts_on=today - timedelta(days=99))
            for plan_id in rng.sample(PLANS, rng.randint(1, 3))
        ),
        virtual_care=rng.random() < 0.97,
        in_person=rng.random() < 0.3,
        manages_in_portal=True,
        languages=rng.choice(LANGUAGES),
        specialties=tuple(rng.sample(get_args(Specialty), rng.randint(3, 8))),
        modalities=tuple(rng.sample(get_args(Modality), rng.randint(1, 4))),
        gender=rng.choice(["female", "female", "male", None]),
        accepting_clients=rng.random() < 0.8,
        profile=" ".join(rng.sample(SAID, 4)),
        participations=tuple(Participation(programme=p, **joined) for p in Programme if rng.random() < 0.8),
    )
    return placed(provider), NOW + timedelta(minutes=rng.randint(60, 20_000)) if rng.random() < 0.7 else None


async def fill(db: Database, people: Sequence[tuple[Provider, datetime | None]]) -> float:
    """The seconds that it took. The service's own statements, many rows at a time."""
    began = time.perf_counter()
    for start in range(0, len(people), 500):
        batch = people[start : start + 500]
        joined = [{"provider_id": p.provider_id, **each.model_dump()} for p, _ in batch for each in p.participations]
        listed = [row for p, _ in batch for row in directory.rows_of(p)]
        openings = [{"provider_id": p.provider_id, "starts_at": at, "computed_at": NOW, "refresh_at": NOW} for p, at in batch]
        async with db.begin() as tx:
            await tx.execute(sa.insert(tables.provider), [tables.row_of(p) for p, _ in batch])
            await tx.execute(sa.insert(tables.participation), joined)
            await tx.execute(sa.insert(directory.directory_listing), listed)
            await tx.execute(directory.SAY, [directory.said(p) for p, _ in batch if directory.rows_of(p)])
            await tx.execute(sa.insert(next_opening), openings)
    await db.pool.execute("vacuum analyze")
    return time.perf_counter() - began
