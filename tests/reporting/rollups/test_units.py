"""What a client counts as: a pure function of what is known, in whatever order it was learned."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.measures.catalogue import FAMILIES
from reporting.rollups.bins import business_days
from reporting.rollups.known import Asked, Client, Episode, Known, Outcome, Request, Score, Session
from reporting.rollups.rules import Unit, placed, units_of

CLIENT = Client(uuid4(), uuid4(), uuid4(), "care_connect", "America/New_York")
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)
PROVIDERS = [uuid4() for _ in range(3)]
IDS = [UUID(int=number, version=4) for number in range(1, 9)]
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
DAYS = [date(2025, 11, 18), date(2025, 11, 19), date(2025, 11, 20), date(2026, 1, 5), date(2026, 12, 1)]
SMALL = st.none() | st.integers(-5, 10**7)
FLAG = st.none() | st.booleans()

EPISODES = st.builds(
    Episode, st.sampled_from(IDS), st.sampled_from(PROVIDERS), st.just("care_connect"), st.none() | MOMENTS, FLAG, SMALL, SMALL, SMALL,
    SMALL, SMALL, SMALL, st.none() | MOMENTS,
)  # fmt: skip
REQUESTS = st.builds(Request, st.sampled_from(IDS), st.none() | st.sampled_from(IDS), st.sampled_from(PROVIDERS), MOMENTS)
SESSIONS = st.builds(
    Session, st.uuids(), st.sampled_from(IDS), st.sampled_from(PROVIDERS), st.sampled_from(["session", "consultation"]),
    st.sampled_from(DAYS),
)  # fmt: skip
OUTCOMES = st.builds(
    Outcome,
    st.sampled_from(IDS),
    FLAG,
    FLAG,
    FLAG,
    FLAG,
    st.lists(st.sampled_from(IDS), max_size=2),
    st.lists(st.sampled_from(IDS), max_size=2),
)
SCORES = st.builds(Score, st.sampled_from(IDS), st.sampled_from(["phq-9", "gad-7"]), st.none() | st.integers(0, 21))
ASKED = st.builds(
    Asked,
    st.uuids(),
    st.none() | st.sampled_from(IDS),
    st.just("care_connect"),
    st.none() | MOMENTS,
    st.none() | MOMENTS,
    st.none() | st.integers(0, 10),
)


def unique(items: st.SearchStrategy[object], by: str, most: int = 6) -> st.SearchStrategy[list[object]]:
    return st.lists(items, max_size=most, unique_by=lambda item: getattr(item, by))


KNOWN = st.builds(
    Known,
    st.just(CLIENT),
    unique(EPISODES, "episode_id"),
    unique(REQUESTS, "request_id"),
    unique(SESSIONS, "appointment_id", 12),
    unique(OUTCOMES, "episode_id"),
    unique(SCORES, "response_id"),
    unique(ASKED, "asked_id"),
)


def only(known: Known, family: str) -> Unit:
    (unit,) = [unit for unit in units_of(known) if unit.family == family]
    return unit


def sought(at: datetime = NOW, **more: object) -> Episode:
    return replace(Episode(uuid4(), uuid4(), "care_connect", at, True), **more)


def sessions(dates: list[date], request_id: UUID, provider: UUID = PROVIDERS[0]) -> list[Session]:
    return [Session(uuid4(), request_id, provider, "session", day) for day in dates]


@given(KNOWN, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_known_makes_no_difference(known: Known, random: Random) -> None:
    shuffled = {
        f.name: random.sample(list(getattr(known, f.name)), len(getattr(known, f.name))) for f in fields(Known) if f.name != "client"
    }
    assert sorted(units_of(replace(known, **shuffled)), key=str) == sorted(units_of(known), key=str)


@given(KNOWN)
def test_a_client_counts_once_a_family_and_year(known: Known) -> None:
    units = units_of(known)
    assert len({(unit.family, unit.year) for unit in units}) == len(units)


@given(KNOWN)
def test_D9_what_is_counted_is_what_the_family_says_may_be_counted(known: Known) -> None:
    for unit in units_of(known):
        family = FAMILIES[unit.family]
        assert set(unit.bins) == set(family.dimensions)
        for dimension, (kind, a, b) in unit.bins.items():
            assert kind in family.dimensions[dimension]
            assert -1 <= a <= 1440 and -1 <= b <= 45
            for breakdown in family.breakdowns:
                if breakdown.dimension == dimension:
                    assert breakdown.leaf(kind, a, b), "everybody has a place, and nobody two"


@given(
    st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), min_size=4, max_size=30), st.integers(1, 100),
)  # fmt: skip
def test_C16_four_or_four_hundred_sessions_make_the_same_unit(days: list[date], times: int) -> None:
    first = min(days)
    few = sessions([first, *(first + number * DAY for number in (1, 2, 3))], request := uuid4())
    many = few + sessions([day + number * DAY for day in days for number in range(times % 5)], request)
    assert only(Known(CLIENT, sessions=many), "in_treatment") == only(Known(CLIENT, sessions=few), "in_treatment")


@pytest.mark.parametrize(("held", "band"), [(1, 0), (2, 1), (3, 1), (4, 2), (40, 2)])
def test_C16_engagement_is_a_band_of_the_first_six_weeks(held: int, band: int) -> None:
    dates = [date(2026, 3, 2) + (number % 42) * DAY for number in range(held)] + [date(2026, 3, 2) + 43 * DAY]
    assert only(Known(CLIENT, sessions=sessions(dates, uuid4())), "in_treatment").bins["engagement"] == ("sessions", band, 0)


def test_R1_a_clock_that_was_stopped_counts_hours_and_business_days() -> None:
    episode = sought(scheduled_seconds=3600 * 50 + 3599, scheduled_days=2)
    unit = only(Known(CLIENT, [episode]), "care_sought")
    assert unit.bins["time_to_schedule"] == ("reached", 50, 2)
    assert unit.bins["time_to_first_session"] == ("open", -1, -1)


def test_R1_a_very_long_wait_counts_as_the_longest_that_is_told_apart() -> None:
    unit = only(Known(CLIENT, [sought(consulted_seconds=10**8, consulted_days=900)]), "care_sought")
    assert unit.bins["time_to_consultation"] == ("reached", 1440, 45)


def test_R1_who_withdrew_is_counted_until_then() -> None:
    unit = only(Known(CLIENT, [sought(withdrawn_at=NOW + 8 * DAY)]), "care_sought")
    assert unit.bins["time_to_schedule"] == ("withdrawn", 192, 6)


def test_S12_whom_the_network_cannot_serve_is_counted_as_waiting_and_not_left_out() -> None:
    unit = only(Known(CLIENT, [sought(served=False, withdrawn_at=NOW + DAY)]), "care_sought")
    assert set(unit.bins.values()) == {("waitlisted", -1, -1)}


def test_business_days_are_those_of_the_federal_calendar_where_the_client_lives() -> None:
    zone = ZoneInfo("America/New_York")
    friday_night = datetime(2026, 1, 17, 3, tzinfo=UTC)
    assert business_days(friday_night, datetime(2026, 1, 20, 18, tzinfo=UTC), zone) == 1, "the 19th is a holiday"


def test_the_month_is_the_one_in_which_care_was_sought_whatever_happens_later() -> None:
    at = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    before, after = sought(at), sought(at, first_session_seconds=10**7, first_session_days=40)
    assert {only(Known(CLIENT, [episode]), "care_sought").month for episode in (before, after)} == {"2026-03"}


def test_A4_who_was_asked_counts_in_the_month_of_asking_and_who_was_not_in_that_of_answering() -> None:
    asked = Asked(uuid4(), None, "care_connect", NOW, NOW + 40 * DAY, 9)
    assert (only(Known(CLIENT, asked=[asked]), "asked").month, asked_bin(asked)) == ("2026-03", ("answered", 9, 0))
    unasked = replace(asked, asked_at=None)
    assert (only(Known(CLIENT, asked=[unasked]), "asked").month, asked_bin(unasked)) == ("2026-04", ("unasked", 9, 0))
    silent = replace(asked, answered_at=None, score=None)
    assert asked_bin(silent) == ("unanswered", -1, 0)


def asked_bin(asked: Asked) -> object:
    return only(Known(CLIENT, asked=[asked]), "asked").bins["recommendation"]


def test_A3_outcomes_count_six_weeks_after_the_first_session() -> None:
    episode, before, after = sought(), Score(uuid4(), "phq-9", 15), Score(uuid4(), "phq-9", 6)
    known = Known(
        CLIENT,
        [episode],
        [Request(request := uuid4(), episode.episode_id, PROVIDERS[0], NOW)],
        sessions([date(2026, 3, 20)], request),
        [Outcome(episode.episode_id, True, True, False, True, [before.response_id], [after.response_id])],
        [before, after],
    )
    unit = only(known, "in_treatment")
    assert (unit.month, unit.unit_id) == ("2026-05", episode.episode_id)
    assert unit.bins["outcome"] == ("paired", 1 + 2 + 8, 0)
    assert unit.bins["phq_9"] == ("paired", 15, 6)
    assert unit.bins["gad_7"] == ("no_baseline", -1, -1)


def test_D10_the_provider_is_who_saw_the_client_first_else_who_was_asked_last() -> None:
    episode = sought()
    asked = [Request(uuid4(), episode.episode_id, provider, NOW + n * DAY) for n, provider in enumerate(PROVIDERS)]
    assert only(Known(CLIENT, [episode], asked), "care_sought").provider_id == PROVIDERS[2]
    held = sessions([date(2026, 3, 5)], asked[1].request_id, PROVIDERS[1]) + sessions([date(2026, 3, 9)], asked[2].request_id, PROVIDERS[2])
    assert only(Known(CLIENT, [episode], asked, held), "care_sought").provider_id == PROVIDERS[1]


def test_D7_what_becomes_known_for_a_closed_month_is_counted_in_the_earliest_open_one() -> None:
    (unit,) = placed(units_of(Known(CLIENT, [sought()])), set(), {"care_sought": "2026-04"})
    assert (unit.month, unit.late) == ("2026-05", True)


def test_D7_who_counts_in_a_closed_month_counts_nowhere_else_in_that_year() -> None:
    assert placed(units_of(Known(CLIENT, [sought()])), {("care_sought", 2026)}, {"care_sought": "2026-04"}) == []


@pytest.mark.parametrize(("also", "counted", "found"), [
    ([], set(), [("2027-01", True)]),
    ([sought(datetime(2027, 2, 3, tzinfo=UTC))], set(), [("2027-02", False)]),
    ([], {("care_sought", 2027)}, []),
])  # fmt: skip
def test_D7_the_next_year_takes_up_a_late_one_only_where_the_client_counts_once(
    also: list[Episode], counted: set[tuple[str, int]], found: list[tuple[str, bool]]
) -> None:
    units = placed(units_of(Known(CLIENT, [sought(), *also])), counted, {"care_sought": "2026-12"})
    assert [(unit.month, unit.late) for unit in units] == found


@given(
    KNOWN,
    st.sampled_from(["", "2025-06", "2025-12", "2026-07"]),
    st.sets(st.tuples(st.sampled_from(list(FAMILIES)), st.integers(2025, 2027))),
)
def test_D7_nothing_is_ever_placed_in_a_closed_month_nor_a_client_twice_in_a_year(
    known: Known, last: str, counted: set[tuple[str, int]]
) -> None:
    units = placed(units_of(known), counted, dict.fromkeys(FAMILIES, last) if last else {})
    places = [(unit.family, unit.year) for unit in units]
    assert all(unit.month > last for unit in units)
    assert len(set(places)) == len(places) and not counted & set(places)
