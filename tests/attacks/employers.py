"""The employers of a simulated programme: how large, of which plan, and who joins, leaves, merges or changes plan within the year."""

from dataclasses import dataclass
from math import exp, log
from random import Random
from uuid import UUID

from common.contracts.vocabulary import Programme

MONTHS = tuple(f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13))
MEDIAN_ELIGIBLE, SPREAD = 245, 1.1
LARGER_PLAN = 0.85
STATES, PROVIDERS_A_STATE = 12, 30


@dataclass(frozen=True, slots=True)
class Employer:
    """`joined`, `left`, `merged`, `moved`: indices of MONTHS; `left` is the first month without it."""

    id: UUID
    plan: UUID
    eligible: int
    care_connect: float
    """Share of its clients in Care Connect; the others are in EWS."""
    providers: tuple[UUID, ...]
    joined: int = 0
    left: int = len(MONTHS)
    into: UUID | None = None
    """The employer whose people its people are from `merged` on."""
    merged: int = len(MONTHS)
    other_plan: UUID | None = None
    """The plan that its people are in from `moved` on."""
    moved: int = len(MONTHS)
    never_better: bool = False

    def label(self, month: int) -> UUID:
        return self.into if self.into is not None and month >= self.merged else self.id

    def plan_in(self, month: int) -> UUID:
        return self.other_plan if self.other_plan is not None and month >= self.moved else self.plan

    def programme(self, chance: float) -> Programme:
        return Programme.CARE_CONNECT if chance < self.care_connect else Programme.EWS


def identity(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def employers(random: Random, count: int, median: float = MEDIAN_ELIGIBLE) -> list[Employer]:
    plans = (identity(random), identity(random))
    states = [tuple(identity(random) for _ in range(PROVIDERS_A_STATE)) for _ in range(STATES)]
    made: list[Employer] = []
    for _ in range(count):
        made.append(_employer(random, plans, random.choice(states), median, made))
    return made


def _employer(random: Random, plans: tuple[UUID, UUID], providers: tuple[UUID, ...], median: float, others: list[Employer]) -> Employer:
    larger = random.random() < LARGER_PLAN
    eligible = max(8, round(exp(random.gauss(log(median), SPREAD))))
    last = len(MONTHS)
    fate = random.random()
    into = random.choice(others).id if others and fate < 0.03 else None
    return Employer(
        id=identity(random),
        plan=plans[0] if larger else plans[1],
        eligible=eligible,
        care_connect=random.choice((1.0, 0.0, 0.5, 0.7, 0.9)),
        providers=providers[:1] if random.random() < 0.02 else providers,
        into=into,
        merged=random.randrange(3, last - 3) if into else last,
        joined=random.randrange(2, last) if 0.03 <= fate < 0.08 else 0,
        left=random.randrange(2, last) if 0.08 <= fate < 0.12 else last,
        other_plan=plans[1] if larger and 0.12 <= fate < 0.15 else None,
        moved=random.randrange(3, last - 3),
        never_better=0.15 <= fate < 0.18,
    )
