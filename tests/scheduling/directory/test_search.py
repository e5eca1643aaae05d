"""S5: every search finds exactly whom reading all records would find, on every day."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.geography import ZONES
from tests.scheduling.directory.people import Known, drawn, expected, keep, searches
from tests.scheduling.providers.edge import Portal
from tests.scheduling.providers.made import NOW


@pytest.fixture(scope="module")
async def everybody(portal: Portal) -> Sequence[Known]:
    rng = Random(5)
    made = [drawn(rng, number) for number in range(150)]
    for known in made:
        await keep(portal.db, known)
    return made


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=searches(), hours=st.integers(-20 * 24, 40 * 24))
async def test_S5_the_directory_finds_exactly_who_suits_and_may_be_asked_that_day(
    portal: Portal, everybody: Sequence[Known], asked: dict[str, Any], hours: int
) -> None:
    portal.now = NOW + timedelta(hours=hours)
    found = await portal.ids(**asked)
    assert len(found) == len(set(found))
    assert set(found) == expected(everybody, asked, portal.now, ZONES)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=searches(), limit=st.integers(3, 9))
async def test_S5_pages_together_are_the_whole_in_the_same_order(
    portal: Portal, everybody: Sequence[Known], asked: dict[str, Any], limit: int
) -> None:
    portal.now, who = NOW, everybody[0].provider.provider_id
    whole, pages, cursor = (await portal.search(subject=who, **asked | {"limit": 100}))["items"], [], {}
    while True:
        page = await portal.search(subject=who, **asked | {"limit": limit} | cursor)
        assert len(page["items"]) <= limit
        pages += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pages[:100] == whole


async def test_S5_by_next_open_slot_the_soonest_comes_first_and_who_has_none_last(portal: Portal, everybody: Sequence[Known]) -> None:
    found = (await portal.search(order="next_open", limit=100))["items"]
    openings = [item["next_open_at"] for item in found]
    assert openings == sorted(openings, key=lambda opening: (opening is None, opening))
    assert None in openings and openings[0] is not None


async def test_S5_what_was_open_and_is_over_is_no_open_slot(portal: Portal, everybody: Sequence[Known]) -> None:
    past = {str(known.provider.provider_id) for known in everybody if known.next_open_at and known.next_open_at <= NOW}
    shown = [item for item in (await portal.search(limit=100))["items"] if item["provider_id"] in past]
    assert shown and all(item["next_open_at"] is None for item in shown)


async def test_S5_an_item_says_what_everybody_may_know_and_nothing_of_credentials(portal: Portal, everybody: Sequence[Known]) -> None:
    (item,) = (await portal.search(limit=1, state="NY"))["items"]
    assert not {"credentials", "licences", "participations", "insurance_departure_on"} & set(item)
    assert "NY" in item["states"]
