"""Small programmes made by hand, each with the one thing in it that a rule is there for and that chance seldom brings."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from common.contracts.vocabulary import Programme
from reporting.release_ledger.cells import Counted, Policy, Population
from tests.attacks.employers import MONTHS
from tests.attacks.publishing import Published, replay

PLAN = UUID(int=1)
PROVIDERS = [UUID(int=900 + number) for number in range(6)]
ANSWERED, UNANSWERED = ("answered", 10, 0), ("unanswered", -1, 0)
Asked = Mapping[tuple[str, int, int], int]


def employer(number: int) -> UUID:
    return UUID(int=100 + number)


def asked(of: Mapping[int, Sequence[Asked]], eligible: Mapping[int, int], policy: Policy) -> Published:
    """`of`: of each employer, what was counted of satisfaction in the first months of the year."""
    rows = []
    for number, months in of.items():
        for month, bins in zip(MONTHS, months, strict=False):
            for (kind, a, b), people in bins.items():
                rows += _rows(employer(number), month, (kind, a, b), people)
    population = Population({(employer(number), 2025): people for number, people in eligible.items()})
    return replay(policy, "asked", rows, population, MONTHS[:12])


def _rows(of: UUID, month: str, bin_: tuple[str, int, int], people: int) -> list[Counted]:
    """Evenly among the providers."""
    shares = [people // len(PROVIDERS) + (at < people % len(PROVIDERS)) for at in range(len(PROVIDERS))]
    where = ("asked", "recommendation", PLAN, of, Programme.CARE_CONNECT, month)
    return [Counted(*where, provider, *bin_, share) for provider, share in zip(PROVIDERS, shares, strict=True) if share]


def uniform(policy: Policy) -> Published:
    """D3: of one employer's thirty, all answered."""
    others = {number: [{ANSWERED: 15, UNANSWERED: 14}] for number in (2, 3, 4)}
    return asked({1: [{ANSWERED: 30}], **others}, dict.fromkeys((1, 2, 3, 4), 400), policy)


def nearly_everybody(policy: Policy) -> Published:
    """D12: of one employer's thirty people, twenty-four came."""
    others = {number: [{ANSWERED: 15, UNANSWERED: 14}] for number in (2, 3, 4, 5, 6, 7)}
    small = {number: [{ANSWERED: 12, UNANSWERED: 12}] for number in (8, 9, 10)}
    return asked({**others, **small}, {**dict.fromkeys(others, 400), **dict.fromkeys(small, 30)}, policy)


def dominant(policy: Policy) -> Published:
    """D10: one employer is nearly all of the plan, and knows it."""
    people = {1: 40, 2: 5, 3: 4}
    return asked({number: [{ANSWERED: n, UNANSWERED: n}] for number, n in people.items()}, dict.fromkeys(people, 400), policy)
