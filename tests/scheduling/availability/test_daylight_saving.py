"""What went wrong for others when the clocks changed, each by its number. Cal.com's are at github.com/calcom/cal.diy/issues.

They took a zone's offset at one instant and added it to every day; Bahmni compared with the server's zone.
"""

import time
from datetime import date, timedelta

import pytest

from scheduling.availability.rules import check_open, open_slots
from tests.scheduling.availability.calendars import CHICAGO, FALL, NEW_YORK, SPRING, at, calendar, on_the_clock, weekly

SUNDAY = [6]


@pytest.mark.parametrize("change", [SPRING, FALL])
def test_calcom_1092_a_time_booked_beyond_the_change_is_the_time_that_was_seen(change: date) -> None:
    """Seen as 9:00, confirmed as 8:00."""
    found, now = calendar(weekly("09:00-17:00")), at(f"{change - timedelta(days=6)}T12:00", NEW_YORK)
    after = change + timedelta(days=2)
    assert on_the_clock(found, after, now)[0] == "09:00"
    first = next(open_slots(found, 30, at(f"{after}T00:00", NEW_YORK), at(f"{after}T23:00", NEW_YORK), now))
    check_open(found, first, now)
    assert first.starts_at == at(f"{after}T09:00", NEW_YORK)


def test_calcom_4702_half_past_seven_stays_half_past_seven_a_week_later() -> None:
    """November 1 at 7:30, November 8 at 6:30."""
    found, now = calendar(weekly("07:30-12:00"), zone=CHICAGO), at("2026-09-24T12:00", CHICAGO)
    for day in (date(2026, 10, 25), date(2026, 10, 31), FALL, date(2026, 11, 2), date(2026, 11, 8)):
        assert on_the_clock(found, day, now)[0] == "07:30"


@pytest.mark.parametrize("change", [SPRING, FALL])
def test_calcom_6217_the_day_of_the_change_itself_has_the_same_hour(change: date) -> None:
    """12:30 once a week was shown as 11:30 on March 12 and 13:30 on November 5, and could not be booked then."""
    found, now = calendar(weekly("12:30-13:00", on=SUNDAY)), at(f"{change - timedelta(days=20)}T12:00", NEW_YORK)
    for weeks in (-1, 0, 1):
        day = change + timedelta(weeks=weeks)
        assert on_the_clock(found, day, now) == ["12:30"]
        first = next(open_slots(found, 30, at(f"{day}T00:00", NEW_YORK), at(f"{day}T23:00", NEW_YORK), now))
        check_open(found, first, now)


def test_calcom_10517_november_begins_at_nine_like_december() -> None:
    found, now = calendar(weekly("09:00-17:00")), at("2026-08-01T12:00", NEW_YORK)
    starts = {on_the_clock(found, FALL + timedelta(days=days), now)[0] for days in range(-10, 60)}
    assert starts == {"09:00"}


@pytest.mark.parametrize("days", [6, 7, 8])
def test_calcom_12137_a_lead_that_ends_on_the_day_of_the_change_moves_nothing(days: int) -> None:
    """With a notice of seven days, ending on the day of the change, all of November was shown an hour off."""
    found = calendar(weekly("09:00-17:00"), lead_minutes=days * 24 * 60)
    now = at(f"{FALL - timedelta(days=7)}T00:30", NEW_YORK)
    for later in range(days - 6, 20):
        assert on_the_clock(found, FALL + timedelta(days=later), now)[:2] == ["09:00", "09:30"]


def test_calcom_19589_an_hour_and_a_half_on_the_sunday_of_the_change_begins_when_it_always_does() -> None:
    found, now = calendar(weekly("15:00-16:30", on=SUNDAY), zone=CHICAGO), at("2026-02-26T12:00", CHICAGO)
    assert [on_the_clock(found, SPRING + timedelta(weeks=weeks), now, minutes=90) for weeks in (-1, 0, 1)] == [["15:00"]] * 3


def test_a_time_that_the_clock_leaves_out_is_not_offered() -> None:
    found, now = calendar(weekly("01:00-04:00")), at("2026-03-01T12:00", NEW_YORK)
    assert on_the_clock(found, SPRING, now) == ["01:00", "01:30", "03:00", "03:30"]
    assert on_the_clock(found, SPRING + timedelta(days=1), now) == ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]


def test_hours_that_begin_in_the_hour_left_out_begin_after_it() -> None:
    found, now = calendar(weekly("02:30-04:00")), at("2026-03-01T12:00", NEW_YORK)
    assert on_the_clock(found, SPRING, now) == ["03:00", "03:30"]
    assert on_the_clock(calendar(weekly("01:00-02:30")), SPRING, now) == ["01:00", "01:30"]
    assert on_the_clock(calendar(weekly("02:00-03:00")), SPRING, now) == []


def test_the_repeated_hour_is_two_hours_and_no_instant_is_offered_twice() -> None:
    found, now = calendar(weekly("00:30-03:00")), at("2026-10-25T12:00", NEW_YORK)
    assert on_the_clock(found, FALL, now) == ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00", "02:30"]
    day = (at(f"{FALL}T00:00", NEW_YORK), at(f"{FALL}T23:00", NEW_YORK))
    instants = [slot.starts_at for slot in open_slots(found, 30, *day, now)]
    assert instants == [instants[0] + timedelta(minutes=30 * n) for n in range(7)]


@pytest.mark.parametrize("server", ["UTC", "Asia/Kolkata", "Pacific/Honolulu", "Pacific/Kiritimati"])
def test_bahmni_201_the_zone_of_the_server_changes_nothing(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The days and hours of appointments were compared in the zone that the server ran in."""
    monkeypatch.setenv("TZ", server)
    time.tzset()
    try:
        found, now = calendar(weekly("22:00-24:00", on=[0])), at("2026-05-30T12:00")
        assert on_the_clock(found, date(2026, 6, 1), now) == ["22:00", "22:30", "23:00", "23:30"]
        assert on_the_clock(found, date(2026, 6, 2), now) == []
        check_open(found, next(open_slots(found, 30, now, now + timedelta(days=7), now)), now)
    finally:
        monkeypatch.undo()
        time.tzset()
