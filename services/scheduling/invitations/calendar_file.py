"""An appointment for the calendars of its two people: iCalendar (RFC 5545), as an invitation by mail has it (iTIP, RFC 5546). Pure.

Calendars are seen by others, and kept by whoever runs them: there is a time in it and a neutral summary, and nothing about care.
"""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress

Method = Literal["REQUEST", "CANCEL"]
PRODUCT = "-//Care Connect//Scheduling//EN"
SUMMARY = "Appointment"
ASKED = {"role": "REQ-PARTICIPANT", "partstat": "NEEDS-ACTION", "rsvp": "TRUE"}


def invitation(
    *,
    appointment_id: UUID,
    sequence: int,
    starts_at: datetime,
    ends_at: datetime,
    method: Method,
    organizer: str,
    attendee: str | None,
    now: datetime,
    summary: str = SUMMARY,
) -> bytes:
    """The bytes of an .ics file. `sequence` rises with every change of the time and with the cancellation: a calendar takes the highest.

    Without an attendee nobody is asked to answer: a file to look at, which RFC 5546 calls PUBLISH.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH" if method == "REQUEST" and attendee is None else method)
    calendar.add_component(_event(appointment_id, sequence, (starts_at, ends_at), cancelled=method == "CANCEL", now=now))
    event = calendar.events[0]
    event.add("summary", summary)
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    if attendee is not None:
        event.add("attendee", vCalAddress(f"mailto:{attendee}"), parameters=ASKED)
    file: bytes = calendar.to_ical()
    return file


def _event(appointment_id: UUID, sequence: int, during: tuple[datetime, datetime], *, cancelled: bool, now: datetime) -> Event:
    event = Event()
    event.add("uid", str(appointment_id))
    event.add("sequence", sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", during[0].astimezone(UTC))
    event.add("dtend", during[1].astimezone(UTC))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    return event
