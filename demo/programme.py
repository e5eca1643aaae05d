"""The sample programme: employers, providers, clients, and what each client did in the last months.

Pure: the same seed, the same programme. `loading.py` takes its steps over HTTP, as the portals would have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import get_args
from uuid import UUID

from common.contracts.vocabulary import Category, Choice, Programme
from demo import distributions as drawn
from demo.distributions import pick
from demo.steps import FillIn, Recommend, Schedule, Sharing, Step
from demo.stories import Diaries, Person, story
from scheduling.providers.vocabulary import Specialty

HISTORY_DAYS, PROVIDERS = 90, 40

# Name, programmes offered, share of the clients (assumed).
EMPLOYERS = (
    ("Harbor Freightways", (Programme.CARE_CONNECT,), 40),
    ("Northlight Schools", (Programme.EWS,), 25),
    ("Larkin Foods", (Programme.CARE_CONNECT, Programme.EWS), 35),
)
DEGREES = (("masters", 6), ("psychology_doctorate", 3), ("nurse_practitioner", 1))  # assumed
SPECIALTIES = tuple(get_args(Specialty))
USUAL_CATEGORIES = (Category.APPOINTMENTS, Category.ASSESSMENT_RESULTS, Category.SATISFACTION)


@dataclass(frozen=True, slots=True)
class Employer:
    employer_id: UUID
    name: str
    programmes: Sequence[Programme]


@dataclass(frozen=True, slots=True)
class Provider:
    provider_id: UUID
    name: str
    state: str
    degree: str
    languages: Sequence[str]
    specialties: Sequence[str]


@dataclass(frozen=True, slots=True)
class Client:
    client_id: UUID
    employer_id: UUID
    programme: Programme
    birth_date: date
    sex: str
    state: str
    language: str
    registered_at: datetime
    sharing: Sharing
    steps: Sequence[Step]

    @property
    def opts_in(self) -> bool:
        return self.sharing.choice is Choice.OPT_IN

    def records(self) -> list[Category]:
        """What reporting will know of the client: a category a record."""
        found, sessions = [Category.CONTACT_AND_DEMOGRAPHICS], 0
        for step in self.steps:
            if isinstance(step, Schedule):
                sessions += step.kind == "session"
                found.append(Category.SESSION_FREQUENCY if step.kind == "session" and sessions > 1 else Category.APPOINTMENTS)
            elif isinstance(step, FillIn):
                found.append(Category.ASSESSMENT_RESULTS)
            elif isinstance(step, Recommend):
                found.append(Category.SATISFACTION)
        return found

    def shared_records(self) -> int:
        """How many of them an export may hold (C1, C17)."""
        return sum(record in self.sharing.categories for record in self.records())


@dataclass(frozen=True, slots=True)
class SampleProgramme:
    begins_at: datetime
    """Before anybody has asked for anything."""
    plan_id: UUID
    plan_name: str
    employers: Sequence[Employer]
    providers: Sequence[Provider]
    clients: Sequence[Client]

    @property
    def steps(self) -> int:
        return sum(len(client.steps) for client in self.clients)


def generate(seed: int, clients: int, until: datetime) -> SampleProgramme:
    """The months before `until`."""
    rng = Random(seed)
    employers = [Employer(_new_id(rng), name, programmes) for name, programmes, _ in EMPLOYERS]
    providers = [_provider(rng, number) for number in range(1, PROVIDERS + 1)]
    diaries = Diaries()
    made = [_client(rng, employers, providers, until, diaries) for _ in range(clients)]
    return SampleProgramme(until - timedelta(days=HISTORY_DAYS + 1), _new_id(rng), "Optum", employers, providers, made)


def _new_id(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _provider(rng: Random, number: int) -> Provider:
    # Every state has some first, then as people live there.
    state = drawn.STATES[number % len(drawn.STATES)][0] if number <= PROVIDERS // 2 else pick(rng, drawn.STATES)
    languages = ("en", "es") if number % 4 == 0 else ("en",)
    specialties = tuple(SPECIALTIES[(number * 5 + n * 7) % len(SPECIALTIES)] for n in range(4))
    return Provider(_new_id(rng), f"Provider {number:02}", state, pick(rng, DEGREES), languages, specialties)


def _client(rng: Random, employers: Sequence[Employer], providers: Sequence[Provider], until: datetime, diaries: Diaries) -> Client:
    employer = pick(rng, [(employer, share) for employer, (_, _, share) in zip(employers, EMPLOYERS, strict=True)])
    programme, sex, state = rng.choice(employer.programmes), pick(rng, drawn.SEXES), pick(rng, drawn.STATES)
    asked_at = until - timedelta(days=rng.uniform(0.5, HISTORY_DAYS))
    sharing = _sharing(rng)
    near = [provider.provider_id for provider in providers if provider.state == state]
    steps = story(rng, Person(sex, programme, sharing), near, asked_at, diaries)
    return Client(
        client_id=_new_id(rng),
        employer_id=employer.employer_id,
        programme=programme,
        birth_date=_birth_date(rng, until.date()),
        sex=sex,
        state=state,
        language=pick(rng, drawn.LANGUAGES),
        registered_at=asked_at - timedelta(minutes=rng.randint(5, 60)),
        sharing=sharing,
        steps=[step for step in steps if step.at <= until],
    )


def _sharing(rng: Random) -> Sharing:
    """C16: session frequency only where somebody names it."""
    if rng.random() >= drawn.OPT_IN:
        return Sharing(Choice.DECLINE)
    also = [category for category, share in drawn.ALSO_SHARED if rng.random() < share]
    return Sharing(Choice.OPT_IN, tuple(sorted([*USUAL_CATEGORIES, *also])))


def _birth_date(rng: Random, today: date) -> date:
    youngest, oldest = pick(rng, drawn.AGES)
    return today - timedelta(days=rng.randint(youngest * 366, oldest * 365))
