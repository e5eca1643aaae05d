"""S5: paging stays right while providers come and go, and a cursor is only what we gave out."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.directory.rules import ORDERS, Place, place_of
from tests.scheduling.directory.people import open_at
from tests.scheduling.providers.edge import Portal
from tests.scheduling.providers.made import NOW, PLAN

ASKED: dict[str, Any] = {"state": "MA", "programme": "care_connect", "plan_id": str(PLAN), "q": "anxiety", "limit": 7}
WHO = UUID(int=77)


async def added(portal: Portal, rng: Random) -> str:
    there = await portal.add(specialties=["anxiety"], profile="anxiety " * rng.randint(0, 5))
    await open_at(portal.db, there["provider_id"], NOW + timedelta(hours=rng.randint(1, 99)) if rng.random() < 0.8 else None)
    found: str = there["provider_id"]
    return found


async def leave(portal: Portal, provider_id: str) -> None:
    answer = await portal.call("POST", f"/v1/providers/{provider_id}/participations/care_connect/departure")
    assert answer.status_code == 200


@pytest.mark.parametrize("order", ORDERS)
async def test_S5_who_was_there_all_the_time_is_seen_exactly_once_while_others_join_and_leave(portal: Portal, order: str) -> None:
    rng = Random(order)
    there = {await added(portal, rng) for _ in range(40)}
    before = set(await portal.ids(**ASKED))
    came, went, seen, cursor = set(), set(), [], {}
    while True:
        page = await portal.search(subject=WHO, **ASKED, order=order, **cursor)
        seen += [item["provider_id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        gone = rng.choice(sorted(there - went))
        await leave(portal, gone)
        went.add(gone)
        came.add(await added(portal, rng))
    assert len(seen) == len(set(seen))
    assert before - went <= set(seen) <= before | came
    assert len(went) > 4


async def test_S5_a_page_after_midnight_goes_on_as_the_one_before_began(portal: Portal) -> None:
    rng = Random(1)
    for _ in range(10):
        await added(portal, rng)
    whole = [item["provider_id"] for item in (await portal.search(subject=WHO, **ASKED | {"limit": 100}))["items"]]
    first = await portal.search(subject=WHO, **ASKED)
    portal.now = NOW + timedelta(days=1)
    second = await portal.search(subject=WHO, **ASKED, cursor=first["next"])
    assert [item["provider_id"] for item in (*first["items"], *second["items"])] == whole[:14]


@given(st.sampled_from(ORDERS), st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), st.uuids())
def test_a_cursor_holds_its_place(order: Any, seed: int, key: int, provider_id: UUID) -> None:
    place = Place(order, seed, key, provider_id)
    assert place_of(place.cursor(), order) == place


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=44, max_size=44), st.sampled_from(ORDERS))
async def test_a_cursor_that_is_none_of_ours_is_refused_or_leads_somewhere_and_never_breaks(
    portal: Portal, cursor: str, order: str
) -> None:
    answer = await portal.call("GET", "/v1/directory", params=ASKED | {"cursor": cursor, "order": order})
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize("cursor", ["", "x", "A" * 43, "A" * 45, "=" * 44, "ÿ" * 44])
async def test_a_cursor_of_another_form_is_refused(portal: Portal, cursor: str) -> None:
    answer = await portal.call("GET", "/v1/directory", params={"cursor": cursor})
    assert answer.status_code == 422


async def test_a_cursor_of_another_order_is_refused(portal: Portal) -> None:
    cursor = Place("next_open", 1, 1, uuid4()).cursor()
    answer = await portal.call("GET", "/v1/directory", params={"cursor": cursor, "order": "rotation"})
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


@pytest.mark.parametrize("limit", [0, -1, 101, "all"])
async def test_a_page_has_one_to_a_hundred_items(portal: Portal, limit: Any) -> None:
    assert (await portal.call("GET", "/v1/directory", params={"limit": limit})).status_code == 422
