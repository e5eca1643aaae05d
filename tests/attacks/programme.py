"""A simulated programme, seeded: employers, their clients, and what each client counts as in the three families.

A unit is a client in a family. `month` is where it was counted: its own month, or a later one where it became known too late (D7).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp
from random import Random
from uuid import UUID

from common.contracts.vocabulary import Programme
from reporting.release_ledger.cells import Counted, Population
from tests.attacks.courses import Bins, asked_of, in_treatment_of, sought
from tests.attacks.employers import MEDIAN_ELIGIBLE, MONTHS, Employer, employers

NEW_A_MONTH = 0.008
LATE, ERASED = 0.012, 0.004


@dataclass(frozen=True, slots=True)
class Unit:
    client: int
    family: str
    plan: UUID
    employer: UUID
    origin: UUID
    """The employer that the client came from, whatever it is called since."""
    programme: Programme
    own_month: int
    month: int
    provider: UUID | None
    bins: Bins


@dataclass(frozen=True)
class Programmes:
    """`erased`: clients whose data was erased or corrected, and in which month; what is closed by then stays as it was counted."""

    employers: Sequence[Employer]
    units: Sequence[Unit]
    population: Population
    erased: dict[int, int] = field(default_factory=dict)


def programme(seed: int, count: int = 500, median: float = MEDIAN_ELIGIBLE) -> Programmes:
    random = Random(seed)
    made = employers(random, count, median)
    units: list[Unit] = []
    client = 0
    for employer in made:
        for month in range(employer.joined, employer.left):
            for _ in range(_poisson(random, employer.eligible * NEW_A_MONTH)):
                client += 1
                units += _client(random, employer, client, month)
    erased = {number: random.randrange(3, len(MONTHS)) for number in range(client) if random.random() < ERASED}
    return Programmes(made, units, _population(made), erased)


def counted(units: Iterable[Unit]) -> list[Counted]:
    """Rows of the rollup."""
    rows: Counter[tuple[str, str, UUID, UUID, Programme, str, UUID | None, str, int, int]] = Counter()
    for unit in units:
        where = (unit.plan, unit.employer, unit.programme, MONTHS[unit.month], unit.provider)
        for dimension, bin_ in unit.bins.items():
            rows[(unit.family, dimension, *where, *bin_)] += 1
    return [Counted(*key, n) for key, n in rows.items()]


def _client(random: Random, employer: Employer, client: int, month: int) -> list[Unit]:
    first = sought(random)
    provider = None if first["time_to_schedule"][0] == "waitlisted" else _provider(random, employer)
    chance = random.random()
    courses: list[tuple[str, int, Bins]] = [("care_sought", month, first)]
    if (answer := asked_of(random, first)) is not None:
        courses.append(("asked", month + random.randrange(2), answer))
    if (course := in_treatment_of(random, first, employer.never_better)) is not None:
        courses.append(("in_treatment", month + random.choice((1, 2, 2)), course))
    kind, found = employer.programme(chance), []
    for family, own, bins in courses:
        month = own + (random.randrange(2, 5) if random.random() < LATE else 0)
        if month < len(MONTHS):
            where = (employer.plan_in(own), employer.label(own), employer.id, kind)
            found.append(Unit(client, family, *where, own, month, provider, bins))
    return found


def _provider(random: Random, employer: Employer) -> UUID:
    """The first ones of the state are asked for more often."""
    return employer.providers[int(len(employer.providers) * random.random() ** 1.6)]


def _population(made: Sequence[Employer]) -> Population:
    """As stated before the year: of those who join within it, too; of those who left before it, not."""
    stated = [(employer, year) for employer in made for year, first in ((2025, 0), (2026, 12)) if employer.left > first]
    return Population({(employer.id, year): employer.eligible for employer, year in stated})


def _poisson(random: Random, mean: float) -> int:
    count, product, floor = 0, random.random(), exp(-mean)
    while product > floor:
        count += 1
        product *= random.random()
    return count
