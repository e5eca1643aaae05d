"""Which version of a contract counts on a day of service, and in which year a visit is counted (S1, S13)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.employers.rules import DAY, FEDERAL, Contract, LimitPeriod, Terms, as_of, checked, first_day, in_force, limit_period
from scheduling.geography import ZONES

EMPLOYER = uuid4()
JANUARY = date(2026, 1, 1)
days = st.dates(JANUARY, date(2026, 2, 9))


def version(number: int, applies_from: date = JANUARY, **terms: Any) -> Contract:
    said: dict[str, Any] = {"starts_on": JANUARY, "programme": Programme.EWS} | terms
    return Contract(**said, employer_id=EMPLOYER, version=number, applies_from=applies_from, recorded_at=datetime(2026, 1, 1, tzinfo=UTC))


def refused(terms: Terms, programme: Programme = Programme.EWS, employer_id: UUID = EMPLOYER) -> tuple[str, str | None]:
    with pytest.raises(Problem) as problem:
        checked(terms, programme, employer_id)
    return problem.value.extra["field"], problem.value.extra.get("rule")


@given(st.lists(days, max_size=8), days)
def test_S1_the_version_of_a_day_is_what_a_diary_would_say(applying: list[date], on: date) -> None:
    """The diary: every change is written on its day and all later ones, changes that apply earlier first."""
    versions = [version(number, day) for number, day in enumerate(applying, 1)]
    diary: dict[date, Contract] = {}
    for each in sorted(versions, key=lambda v: (v.applies_from, v.version)):
        for offset in range(40):
            if JANUARY + offset * DAY >= each.applies_from:
                diary[JANUARY + offset * DAY] = each
    assert as_of(versions, Programme.EWS, on) == diary.get(on)
    assert as_of(versions, Programme.CARE_CONNECT, on) is None


def test_S1_a_change_that_is_planned_for_later_stays_planned_when_another_comes_first() -> None:
    planned, earlier = version(2, date(2026, 7, 1), session_limit=8), version(3, date(2026, 4, 1), session_limit=4)
    said = [version(1, session_limit=6), planned, earlier]
    limits = [found.session_limit for month in (3, 4, 6, 7) if (found := as_of(said, Programme.EWS, date(2026, month, 1)))]
    assert limits == [6, 4, 4, 8]


def test_S13_care_connect_takes_no_session_limit() -> None:
    assert refused(Terms(starts_on=JANUARY, session_limit=8), Programme.CARE_CONNECT) == ("session_limit", "S13")
    assert checked(Terms(starts_on=JANUARY), Programme.CARE_CONNECT, EMPLOYER).session_limit is None


def test_S13_an_EAP_that_names_no_limit_has_six_sessions() -> None:
    assert checked(Terms(starts_on=JANUARY), Programme.EWS, EMPLOYER).session_limit == 6


def test_S1_terms_that_cannot_be_meant_are_refused() -> None:
    assert refused(Terms(starts_on=JANUARY, ends_on=date(2025, 12, 31)))[0] == "ends_on"
    assert refused(Terms(starts_on=JANUARY, regions=()))[0] == "regions"
    assert refused(Terms(starts_on=JANUARY, regions=("XX",)))[0] == "state"
    assert refused(Terms(starts_on=JANUARY, calendar=f"employer-{uuid4()}"))[0] == "calendar"
    assert checked(Terms(starts_on=JANUARY, calendar=f"employer-{EMPLOYER}"), Programme.EWS, EMPLOYER).calendar != FEDERAL


def test_S1_the_first_and_the_last_day_of_a_contract_are_covered() -> None:
    contract = Terms(starts_on=JANUARY, ends_on=date(2026, 12, 31))
    probed = [date(2025, 12, 31), JANUARY, date(2026, 12, 31), date(2027, 1, 1)]
    assert [in_force(contract, on) for on in probed] == [False, True, True, False]


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.dates(date(2000, 1, 1), date(2060, 12, 31)), st.sampled_from(LimitPeriod))
def test_S13_every_day_is_in_one_limit_period_and_they_follow_each_other(starts_on: date, on: date, kind: LimitPeriod) -> None:
    contract = Terms(starts_on=starts_on, limit_period=kind)
    first, last = limit_period(contract, on)
    assert first <= on <= last
    assert timedelta(364) <= last - first <= timedelta(365)
    assert limit_period(contract, first) == limit_period(contract, last) == (first, last)
    assert limit_period(contract, last + DAY)[0] == last + DAY


def test_S13_a_contract_year_that_began_on_a_leap_day_begins_on_1_march_in_other_years() -> None:
    contract = Terms(starts_on=date(2024, 2, 29))
    assert limit_period(contract, date(2025, 2, 28)) == (date(2024, 2, 29), date(2025, 2, 28))
    assert limit_period(contract, date(2025, 3, 1)) == (date(2025, 3, 1), date(2026, 2, 28))
    assert limit_period(contract, date(2028, 2, 29))[0] == date(2028, 2, 29)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)), st.sampled_from(sorted(ZONES.values())))  # noqa: DTZ001
def test_S1_a_contract_begins_no_later_than_the_day_that_any_client_has(now: datetime, zone: str) -> None:
    from zoneinfo import ZoneInfo

    assert first_day(now) <= now.astimezone(ZoneInfo(zone)).date()
