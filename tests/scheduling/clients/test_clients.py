"""Who may be a client, and what is told of one."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from common.never_kept import age_on, check_age
from common.problems import Problem
from scheduling.clients.rules import Client, registered

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("born", "allowed"), [("2013-11-22", True), ("2013-11-23", False), ("2026-11-22", False), ("1950-01-01", True)])
def test_C12_nobody_under_13_is_registered(born: str, allowed: bool) -> None:
    if allowed:
        check_age(date.fromisoformat(born), NOW.date())
        return
    with pytest.raises(Problem) as problem:
        check_age(date.fromisoformat(born), NOW.date())
    assert (problem.value.code, problem.value.extra["rule"]) == ("under_age", "C12")


@given(st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.integers(0, 36_500))
def test_C12_age_grows_by_one_between_birthdays(born: date, days: int) -> None:
    today = min(born + timedelta(days=days), date(2100, 1, 1))
    years = age_on(born, today)
    assert (born.year + years, born.month, born.day) <= (today.year, today.month, today.day)
    assert (born.year + years + 1, born.month, born.day) > (today.year, today.month, today.day)


@given(st.dates(date(1920, 1, 1), date(2013, 1, 1)))
def test_the_day_of_birth_is_not_told(born: date) -> None:
    client = Client(
        client_id=uuid4(),
        employer_id=uuid4(),
        plan_id=uuid4(),
        programme=Programme.EWS,
        birth_date=born,
        sex="other",
        state="TX",
        language="en",
    )
    event = registered(client, NOW)
    assert event.birth_year == born.year
    assert born.isoformat() not in event.to_json().replace(NOW.date().isoformat(), "")
