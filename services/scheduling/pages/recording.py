"""Whether an appointment took place, as the provider says it on the page."""

from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from common.contracts.scheduling import Party
from common.problems import Problem
from scheduling.appointments import usecases
from scheduling.appointments.rules import Appointment
from scheduling.appointments.usecases import Completion
from scheduling.pages.doing import Doing
from scheduling.pages.looking import zone_of_client

Outcome = Literal["held", "client_missed", "provider_missed"]


async def record_outcome(doing: Doing, appointment_id: UUID, outcome: Outcome) -> None:
    """Held on the day that it was for the client. Raises Problem for one that has not begun."""
    appointment = await usecases.read_appointment(doing.db, doing.caller, appointment_id)
    if appointment.starts_at > doing.now:
        raise Problem("wrong_state", "The appointment has not begun.")
    if outcome == "held":
        return await _held(doing, appointment)
    by: Party = "client" if outcome == "client_missed" else "provider"
    await usecases.miss_appointment(doing.db, doing.journal, doing.caller, doing.key, appointment_id, by, doing.now)


async def _held(doing: Doing, appointment: Appointment) -> None:
    async with doing.db.begin() as tx:
        zone = await zone_of_client(tx, appointment.client_id)
    assert zone is not None, "an appointment has a client"
    done = Completion(appointment.appointment_id, appointment.starts_at.astimezone(ZoneInfo(zone)).date())
    await usecases.complete_appointment(doing.db, doing.journal, doing.caller, doing.key, done, doing.now)
