"""iCalendar invitations, read back: what a calendar does with them, and what stands in none of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from scheduling.invitations.calendar_file import invitation

APPOINTMENT = UUID("6b1f0e9a-51d3-4d0c-9a37-0f3c1c2b7a10")
STARTS = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("America/Chicago"))
NOW = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)
ORGANIZER, ATTENDEE = "appointments@care.example", "sam@mail.example"


def made(**more: Any) -> bytes:
    asked: dict[str, Any] = {
        "appointment_id": APPOINTMENT,
        "sequence": 0,
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(minutes=50),
        "method": "REQUEST",
        "organizer": ORGANIZER,
        "attendee": ATTENDEE,
        "now": NOW,
    }
    return invitation(**{**asked, **more})


def event_of(file: bytes) -> Event:
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert isinstance(event, Event)
    return event


def test_S6_an_invitation_reads_back_as_the_appointment() -> None:
    file = made()
    calendar, event = Calendar.from_ical(file), event_of(file)
    assert (calendar["method"], calendar["version"]) == ("REQUEST", "2.0")
    assert (event["uid"], event["sequence"], event["status"]) == (str(APPOINTMENT), 0, "CONFIRMED")
    assert (event["organizer"], event["attendee"]) == (f"mailto:{ORGANIZER}", f"mailto:{ATTENDEE}")
    assert event.decoded("dtstart") == STARTS
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=50)


def test_S6_times_are_in_utc_so_that_no_zone_has_to_be_described() -> None:
    lines = made().decode().split("\r\n")
    assert "DTSTART:20261124T210000Z" in lines
    assert "DTEND:20261124T215000Z" in lines
    assert "DTSTAMP:20261122T123015Z" in lines


def test_S6_a_moved_appointment_is_the_same_entry_and_newer() -> None:
    before, after = (
        event_of(made()),
        event_of(made(sequence=1, starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=1))),
    )
    assert before["uid"] == after["uid"]
    assert after["sequence"] > before["sequence"]


def test_S6_a_cancellation_takes_the_entry_away() -> None:
    file = made(method="CANCEL", sequence=2)
    assert Calendar.from_ical(file)["method"] == "CANCEL"
    assert (event_of(file)["uid"], event_of(file)["status"], event_of(file)["sequence"]) == (str(APPOINTMENT), "CANCELLED", 2)


def test_S6_without_an_attendee_nobody_is_asked_to_answer() -> None:
    """RFC 5546: a REQUEST has an attendee, a PUBLISH has none."""
    assert Calendar.from_ical(made(attendee=None))["method"] == "PUBLISH"
    assert "attendee" not in event_of(made(attendee=None))
    assert Calendar.from_ical(made(attendee=None, method="CANCEL"))["method"] == "CANCEL"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_rfc5545_lines_end_in_crlf_and_are_folded_at_75_octets_and_nothing_is_lost(summary: str) -> None:
    file = made(summary=summary)
    assert file.endswith(b"\r\n")
    assert b"\n" not in file.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert str(event_of(file)["summary"]) == summary


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_an_invitation_says_nothing_about_care(method: str) -> None:
    """A calendar is seen by others."""
    names = {name.upper() for name in event_of(made(method=method))}
    assert names == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "STATUS", "CLASS", "SUMMARY", "ORGANIZER", "ATTENDEE"}
    assert event_of(made(method=method))["summary"] == "Appointment"
    assert event_of(made(method=method))["class"] == "PRIVATE"
