"""A directory full of different providers, and what a search of it has to find: judged one by one, without the directory's own tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql as pg

from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Database
from common.idempotency import IdempotencyKey
from scheduling.availability.openings import next_opening
from scheduling.clients import tables as clients
from scheduling.clients.rules import Client
from scheduling.employers.tables import employer
from scheduling.plans.tables import plan
from scheduling.providers import usecases
from scheduling.providers.record import Credential, Licence, Participation, Provider
from scheduling.providers.requirements import unmet
from scheduling.providers.vocabulary import CURRENT_TERMS, TERMS
from tests.scheduling.providers.made import NOW, OTHER_PLAN, PLAN, TODAY

STATES, PLANS = ("MA", "NY", "HI"), (PLAN, OTHER_PLAN)
LANGUAGES, SPECIALTIES, MODALITIES = ("en", "es", "es-MX", "zh-Hant"), ("anxiety", "grief", "trauma", "work"), ("cbt", "emdr", "act")
DEGREES, GENDERS, WORDS = (
    ("masters", "psychology_doctorate", "nurse_practitioner"),
    ("female", "male", None),
    ("harbor", "meadow", "violin"),
)
OPERATIONS = Principal(UUID(int=0), Role.OPERATIONS, 0)
NO_KEY = IdempotencyKey(None, b"")


@dataclass(frozen=True)
class Known:
    provider: Provider
    next_open_at: datetime | None


def drawn(rng: Random, number: int) -> Known:
    def some(of: Sequence[Any], least: int = 0) -> tuple[Any, ...]:
        return tuple(rng.sample(of, rng.randint(least, min(3, len(of)))))

    def day() -> date:
        return TODAY + timedelta(days=rng.randint(-20, 40))

    licences = [Licence(state=state, kind="full" if rng.random() < 0.9 else "limited", expires_on=day()) for state in some(STATES, 1)]
    credentials = [
        Credential(plan_id=plan_id, under_network_tax_id=rng.random() < 0.9, starts_on=day() - timedelta(days=30), ends_on=end)
        for plan_id in PLANS
        for end in [None if rng.random() < 0.5 else day()]
    ]
    joined = [
        Participation(programme=programme, terms_version=CURRENT_TERMS, agreed=TERMS, agreed_at=NOW, left_at=left)
        for programme in Programme
        for left in [NOW if rng.random() < 0.15 else None]
    ]
    provider = Provider(
        provider_id=UUID(int=rng.getrandbits(128), version=4),
        name=f"Provider {number}",
        state="MA",
        degree=rng.choice(DEGREES) if rng.random() < 0.95 else "bachelors",
        licences=tuple(licences),
        credentials=tuple(credentials),
        virtual_care=rng.random() < 0.95,
        in_person=rng.random() < 0.5,
        manages_in_portal=True,
        languages=some(LANGUAGES, 1),
        specialties=some(SPECIALTIES),
        modalities=some(MODALITIES),
        gender=rng.choice(GENDERS),
        accepting_clients=rng.random() < 0.8,
        profile=" ".join(some(WORDS)),
        participations=tuple(joined),
        insurance_departure_on=day() if rng.random() < 0.1 else None,
    )
    return Known(provider, NOW + timedelta(hours=rng.randint(-30, 300)) if rng.random() < 0.7 else None)


async def keep(db: Database, known: Known) -> None:
    added = await usecases.add_provider(db, OPERATIONS, NO_KEY, known.provider, (), NOW)
    assert added.provider_id == known.provider.provider_id
    await open_at(db, added.provider_id, known.next_open_at)


async def open_at(db: Database, provider_id: UUID, starts_at: datetime | None) -> None:
    row = {"provider_id": provider_id, "starts_at": starts_at, "computed_at": NOW, "refresh_at": NOW}
    async with db.begin() as tx:
        await tx.execute(next_opening.insert().values(row))


async def keep_client(db: Database, state: str, plan_id: UUID, programme: Programme, time_zone: str) -> UUID:
    made = Client(
        client_id=UUID(int=Random().getrandbits(128), version=4),
        employer_id=UUID(int=9),
        plan_id=plan_id,
        programme=programme,
        birth_date=date(1985, 5, 17),
        sex="female",
        state=state,
        language="en",
        time_zone=time_zone,
    )
    async with db.begin() as tx:
        await tx.execute(pg.insert(employer).values(employer_id=UUID(int=9), name="Acme").on_conflict_do_nothing())
        await tx.execute(pg.insert(plan).values(plan_id=plan_id, name="Plan").on_conflict_do_nothing())
        assert await clients.insert(tx, made)
    return made.client_id


@st.composite
def searches(draw: st.DrawFn) -> dict[str, Any]:
    """As query parameters; what is not asked for is left out."""

    def some(of: Sequence[str]) -> st.SearchStrategy[list[str]]:
        return st.lists(st.sampled_from(of), max_size=2, unique=True)

    asked = {
        "state": draw(st.sampled_from(STATES) | st.none()),
        "programme": draw(st.sampled_from([programme.value for programme in Programme]) | st.none()),
        "plan_id": draw(st.sampled_from([str(plan_id) for plan_id in PLANS]) | st.none()),
        "language": draw(some(["en", "es", "es-mx", "zh", "es-MX"])),
        "specialty": draw(some(SPECIALTIES)),
        "modality": draw(some(MODALITIES)),
        "degree": draw(some(DEGREES)),
        "gender": draw(some(["female", "male"])),
        "virtual": draw(st.sampled_from([None, None, True, False])),
        "in_person": draw(st.sampled_from([None, None, True, False])),
        "accepting": draw(st.sampled_from([None, True, False])),
        "q": draw(st.none() | st.sampled_from([*WORDS, "harbor violin", "meadow -harbor", "harbor or meadow", "Harbors"])),
        "open_before": draw(st.none() | st.integers(-10, 300).map(lambda hours: (NOW + timedelta(hours=hours)).isoformat())),
        "order": draw(st.sampled_from(["rotation", "next_open", "relevance"])),
        "limit": draw(st.sampled_from([8, 20, 100])),
    }
    asked["order"] = "rotation" if asked["order"] == "relevance" and asked["q"] is None else asked["order"]
    return {name: value for name, value in asked.items() if value not in (None, [])}


def expected(everybody: Sequence[Known], asked: Mapping[str, Any], now: datetime, zones: Mapping[str, str]) -> set[str]:
    """By reading every record."""
    return {str(known.provider.provider_id) for known in everybody if _wanted(known, asked, now, zones)}


def _wanted(known: Known, asked: Mapping[str, Any], now: datetime, zones: Mapping[str, str]) -> bool:
    provider, opening = known.provider, known.next_open_at if known.next_open_at and known.next_open_at > now else None
    offers = {"virtual": provider.virtual_care, "in_person": provider.in_person, "accepting": provider.accepting_clients}
    return (
        _may_be_asked(provider, asked, now, zones)
        and all(offers[name] is asked[name] for name in offers if name in asked)
        and _any(asked, "language", lambda tag: any(f"{spoken}-".lower().startswith(f"{tag}-".lower()) for spoken in provider.languages))
        and _any(asked, "specialty", lambda code: code in provider.specialties)
        and _any(asked, "modality", lambda code: code in provider.modalities)
        and _any(asked, "degree", lambda degree: degree == provider.degree)
        and _any(asked, "gender", lambda gender: gender == provider.gender)
        and ("open_before" not in asked or (opening is not None and opening < datetime.fromisoformat(asked["open_before"])))
        and ("q" not in asked or _says(provider.profile.split(), asked["q"].lower()))
    )


def _may_be_asked(provider: Provider, asked: Mapping[str, Any], now: datetime, zones: Mapping[str, str]) -> bool:
    today = now.astimezone(ZoneInfo(zones[asked["state"]]) if "state" in asked else UTC).date()
    programmes = [Programme(asked["programme"])] if "programme" in asked else list(Programme)
    states = [asked["state"]] if "state" in asked else STATES
    plans = [UUID(asked["plan_id"])] if "plan_id" in asked else PLANS
    return any(not unmet(provider, one, state, plan_id, today) for one in programmes for state in states for plan_id in plans)


def _any(asked: Mapping[str, Any], name: str, suits: Any) -> bool:
    return name not in asked or any(suits(value) for value in asked[name])


def _says(words: Sequence[str], q: str) -> bool:
    if " or " in q:
        return any(word in words for word in q.split(" or "))
    return all((word[1:] not in words) if word.startswith("-") else (word.removesuffix("s") in words) for word in q.split())
