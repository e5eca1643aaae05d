"""S5, without favouring: over the days and the people who look, every provider is as often first, or second, as any other."""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from scheduling.directory.rules import seed_of
from scheduling.directory.tables import directory_text, shuffled
from tests.scheduling.providers.edge import Portal
from tests.scheduling.providers.made import NOW, TODAY

PROVIDERS, SEEDS = 20, 2000


@pytest.fixture(scope="module")
async def orders(portal: Portal) -> list[list[UUID]]:
    """As so many people see them, some of them on many days."""
    for _ in range(PROVIDERS):
        await portal.add()
    rng = Random(3)
    people = [UUID(int=rng.getrandbits(128)) for _ in range(SEEDS // 20)]
    found = []
    async with portal.db.begin() as tx:
        for person in people:
            for day in range(20):
                key = shuffled(directory_text.c.provider_id, seed_of(person, TODAY + timedelta(days=day)))
                found.append(list(await tx.scalars(sa.select(directory_text.c.provider_id).order_by(key))))
    return found


def strangeness(counted: Counter[UUID], of: int) -> float:
    """Chi-square against all being alike."""
    expected = of / PROVIDERS
    return sum((count - expected) ** 2 / expected for count in counted.values()) + expected * (PROVIDERS - len(counted))


@pytest.mark.parametrize("place", [0, 1, 2, PROVIDERS - 1])
def test_S5_every_provider_is_as_often_in_a_place_as_any_other(orders: list[list[UUID]], place: int) -> None:
    counted = Counter(order[place] for order in orders)
    assert strangeness(counted, len(orders)) < 43.8  # 19 degrees of freedom: one in a thousand is above


def test_S5_who_comes_after_whom_is_not_settled_either(orders: list[list[UUID]]) -> None:
    one, other = sorted(orders[0])[:2]
    before = sum(order.index(one) < order.index(other) for order in orders)
    assert abs(before - len(orders) / 2) < 3.3 * (len(orders) / 4) ** 0.5
    after_one = Counter(order[order.index(one) + 1] for order in orders if order[-1] != one)
    assert max(after_one.values()) < 2 * len(orders) / PROVIDERS


async def test_S5_the_order_keeps_still_for_a_day_and_is_another_on_the_next_and_for_somebody_else(portal: Portal) -> None:
    async def seen(who: int, days: int) -> list[str]:
        portal.now = NOW + timedelta(days=days)
        return [item["provider_id"] for item in (await portal.search(subject=UUID(int=who), limit=100))["items"]]

    first = await seen(1, 0)
    assert len(first) == PROVIDERS
    assert await seen(1, 0) == first
    assert await seen(1, 1) != first
    assert await seen(2, 0) != first
