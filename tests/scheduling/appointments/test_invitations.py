"""What a calendar is given (RFC 5545, RFC 5546)."""

from datetime import timedelta
from uuid import UUID

from icalendar import Calendar

from scheduling.appointments.invitations import with_invitation
from scheduling.appointments.rules import Booking, cancel, move, schedule
from scheduling.requests.states import RequestState
from scheduling.service_levels.rules import Consequences
from tests.scheduling.requests.made import CLIENT, NOW, PROVIDER, REQUEST, in_state

TOMORROW = NOW + timedelta(days=1)


def sent(follows: Consequences) -> list[Calendar]:
    return [Calendar.from_ical(notice.calendar) for notice in follows.notices if notice.calendar]


def test_S6_both_get_the_appointment_its_move_and_its_cancellation_as_one_event_with_a_rising_sequence() -> None:
    _, appointment, follows = schedule(in_state(RequestState.ACCEPTED), Booking(UUID(int=5), REQUEST, "session", TOMORROW), 50, NOW)
    moved, then = move(appointment, TOMORROW + timedelta(days=1), "client", NOW)
    cancelled, last = cancel(moved, "client", NOW)
    told = [with_invitation(f, a, NOW) for f, a in ((follows, appointment), (then, moved), (last, cancelled))]
    assert [{notice.to.id for notice in t.notices if notice.calendar} for t in told] == [{CLIENT, PROVIDER}] * 3
    events = [sent(t)[0].events[0] for t in told]
    assert {str(event["uid"]) for event in events} == {str(UUID(int=5))}
    assert [int(event["sequence"]) for event in events] == [0, 1, 2]
    assert [str(event["status"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [event.start for event in events] == [TOMORROW, TOMORROW + timedelta(days=1), TOMORROW + timedelta(days=1)]


def test_a_calendar_learns_nothing_about_care() -> None:
    _, appointment, follows = schedule(in_state(RequestState.SUBMITTED), Booking(UUID(int=5), REQUEST, "consultation", TOMORROW), 20, NOW)
    for notice in with_invitation(follows, appointment, NOW).notices:
        if notice.calendar is None:
            assert notice.about == REQUEST, "what is not about the appointment has none"
            continue
        text = notice.calendar.decode().lower()
        for word in ("consultation", "session", "care_connect", "provider", "therap", str(CLIENT), str(PROVIDER), str(REQUEST)):
            assert word not in text
