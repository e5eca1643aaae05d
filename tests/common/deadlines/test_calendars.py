"""Working days: pure, with Hypothesis where a rule holds for all days and zones."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.deadlines.calendars import (
    SHIPPED,
    after_business_time,
    business_days_between,
    business_time_between,
    end_of_business_day,
    end_of_calendar_day,
    is_business_day,
    parse_calendar,
    shipped_calendars,
    start_of_day,
    zone_of,
)
from common.problems import Problem

US = parse_calendar(shipped_calendars()["us-federal"])
NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2020, 1, 2), datetime(2035, 11, 1), timezones=st.just(UTC))  # noqa: DTZ001
LIST = Path(__file__).parents[4] / "shared" / "data" / "reference" / "us_federal_holidays_2020_2035.csv"


def local(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("anchor", "last_day", "why"),
    [
        ("2026-06-01T10:00", "2026-06-08", "a Monday"),
        ("2026-06-05T23:59", "2026-06-12", "Friday night"),
        ("2026-06-06T10:00", "2026-06-12", "a Saturday: Monday is day 1"),
        ("2026-06-07T00:00", "2026-06-12", "a Sunday, at its first instant"),
        ("2026-06-18T09:00", "2026-06-26", "Juneteenth on the Friday"),
        ("2026-07-02T09:00", "2026-07-10", "Independence Day observed on Friday the 3rd"),
        ("2026-11-25T09:00", "2026-12-03", "Thanksgiving, but not the Friday after it"),
        ("2027-12-30T09:00", "2028-01-07", "New Year's Day 2028 observed on 2027-12-31, in the old year"),
        ("2027-12-31T09:00", "2028-01-07", "on that holiday itself"),
        ("2028-02-25T09:00", "2028-03-03", "over a leap day, which is a Tuesday"),
        ("2028-02-29T09:00", "2028-03-07", "on a leap day"),
        ("2032-02-28T09:00", "2032-03-05", "a leap day that is a Sunday"),
        ("2027-03-12T09:00", "2027-03-19", "the clocks go forward on the Sunday"),
        ("2026-10-30T09:00", "2026-11-06", "the clocks go back on the Sunday"),
    ],
)
def test_S9_the_fifth_business_day_ends_with_the_clients_local_day(anchor: str, last_day: str, why: str) -> None:
    due = end_of_business_day(local(anchor), 5, NEW_YORK, US)
    assert due == local(f"{date.fromisoformat(last_day) + timedelta(days=1)}T00:00"), why
    assert business_days_between(local(anchor), due - timedelta(seconds=1), NEW_YORK, US) == 5


def test_the_local_date_of_the_anchor_counts_not_that_of_greenwich() -> None:
    late_on_monday = datetime(2026, 6, 2, 3, tzinfo=UTC)
    assert end_of_business_day(late_on_monday, 1, NEW_YORK, US) == local("2026-06-03T00:00")
    assert end_of_business_day(late_on_monday, 1, ZoneInfo("UTC"), US) == datetime(2026, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [("2027-03-14", 23), ("2026-11-01", 25)])
def test_a_local_day_is_as_long_as_it_is(day: str, hours: int) -> None:
    that = date.fromisoformat(day)
    assert start_of_day(that + timedelta(days=1), NEW_YORK) - start_of_day(that, NEW_YORK) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day", "first_instant"),
    [
        ("America/Santiago", "2027-09-05", "2027-09-05T04:00"),
        ("Africa/Cairo", "2027-04-30", "2027-04-29T22:00"),
        ("Asia/Beirut", "2027-03-28", "2027-03-27T22:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),
    ],
)
def test_a_day_whose_midnight_does_not_exist_begins_when_the_clocks_have_gone_forward(zone: str, day: str, first_instant: str) -> None:
    found = start_of_day(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(first_instant).replace(tzinfo=UTC)
    assert found.astimezone(ZoneInfo(zone)).hour == 1


@given(MOMENTS, st.integers(0, 30), ZONES)
def test_what_is_due_is_due_at_the_last_instant_of_its_day_in_every_zone(anchor: datetime, days: int, zone: ZoneInfo) -> None:
    due = end_of_business_day(anchor, days, zone, US)
    assert due > anchor
    last = (due - timedelta(microseconds=1)).astimezone(zone).date()
    assert last < due.astimezone(zone).date()
    assert days == 0 or is_business_day(US, last)
    assert business_days_between(anchor, due - timedelta(microseconds=1), zone, US) == days
    assert end_of_calendar_day(anchor, days, zone) <= due


@given(MOMENTS, st.integers(0, 20), st.integers(1, 5))
def test_more_days_are_never_due_sooner(anchor: datetime, days: int, more: int) -> None:
    assert end_of_business_day(anchor, days, NEW_YORK, US) < end_of_business_day(anchor, days + more, NEW_YORK, US)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_business_time_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    zone = ZoneInfo("UTC")
    whole = business_time_between(start, start + first + second, zone, US)
    parts = business_time_between(start, start + first, zone, US) + business_time_between(start + first, start + first + second, zone, US)
    assert whole == parts
    if whole:
        assert business_time_between(start, after_business_time(start, whole, zone, US), zone, US) == whole


def test_business_hours_are_those_of_business_days() -> None:
    assert after_business_time(local("2026-06-05T18:00"), timedelta(hours=24), NEW_YORK, US) == local("2026-06-08T18:00")
    assert after_business_time(local("2026-06-06T18:00"), timedelta(hours=24), NEW_YORK, US) == local("2026-06-09T00:00")


@pytest.mark.parametrize("anchor", ["2019-12-31T12:00", "2035-12-28T12:00", "2041-01-01T12:00"])
def test_beyond_the_horizon_nothing_is_assumed(anchor: str) -> None:
    with pytest.raises(Problem, match="calendar_horizon"):
        end_of_business_day(local(anchor), 5, NEW_YORK, US)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "America/New_York\0"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="unknown_zone"):
        zone_of(name)


def test_an_extra_working_day_counts() -> None:
    saturday = date(2026, 6, 6)
    body = (SHIPPED / "us-federal.v1.json").read_text().replace('"opened": {}', f'"opened": {{"{saturday}": "made up for a Monday"}}')
    assert is_business_day(parse_calendar(body), saturday)
    assert end_of_business_day(local("2026-06-05T12:00"), 1, NEW_YORK, parse_calendar(body)) == local("2026-06-07T00:00")


@pytest.mark.parametrize(
    "changed", [('"opened": {}', '"opened": {"2020-01-01": "both"}'), ("2035-12-31", "2035-12-24"), ("2035-12-31", "x")]
)
def test_what_contradicts_itself_is_no_calendar(changed: tuple[str, str]) -> None:
    with pytest.raises(Problem, match="invalid_calendar"):
        parse_calendar((SHIPPED / "us-federal.v1.json").read_text().replace(*changed))


@pytest.mark.skipif(not LIST.exists(), reason="the list of holidays is not beside the checkout, at ../shared/data/reference")
def test_the_shipped_calendar_is_the_list_of_federal_holidays() -> None:
    with LIST.open() as file:
        assert US.closed == {date.fromisoformat(row["date"]) for row in csv.DictReader(file)}
    assert date(2027, 12, 31) in US.closed
    assert (US.first, US.last) == (date(2020, 1, 1), date(2035, 12, 31))
