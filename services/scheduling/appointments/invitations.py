"""An appointment as a calendar takes it, downloaded or with the mail that says that there is news."""

from dataclasses import replace
from datetime import datetime

from scheduling.appointments.rules import Appointment, AppointmentState
from scheduling.invitations.calendar_file import invitation
from scheduling.service_levels.rules import Consequences

CALLED_OFF = (AppointmentState.CANCELLED, AppointmentState.MISSED)
ORGANIZER = "no-reply@calendar.invalid"
"""RFC 5546 asks for one. Nobody's: an address of the network's would say who one has an appointment with."""


def calendar_file(appointment: Appointment, now: datetime) -> bytes:
    """It names nobody: whoever reads a calendar learns of a time, and nothing about care."""
    return invitation(
        appointment_id=appointment.appointment_id,
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        method="CANCEL" if appointment.state in CALLED_OFF else "REQUEST",
        organizer=ORGANIZER,
        attendee=None,
        now=now,
    )


def with_invitation(follows: Consequences, appointment: Appointment, now: datetime) -> Consequences:
    """Whoever is told of the appointment gets it for their calendar."""
    file = calendar_file(appointment, now)
    told = tuple(replace(n, calendar=file) if n.about == appointment.appointment_id else n for n in follows.notices)
    return replace(follows, notices=told)
