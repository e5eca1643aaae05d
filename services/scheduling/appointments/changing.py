"""An appointment with the request that it belongs to, locked by the client's row, and one change of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem
from scheduling.appointments import tables
from scheduling.appointments.rules import Appointment
from scheduling.requests.changing import Matter, load
from scheduling.service_levels.rules import Consequences
from scheduling.service_levels.usecases import carry_out


@dataclass(frozen=True, slots=True)
class Standing:
    """Locked until the commit."""

    appointment: Appointment
    matter: Matter


Decide = Callable[[AsyncConnection, Standing], Awaitable[tuple[Appointment, Consequences]]]


async def change(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, appointment_id: UUID, decide: Decide, now: datetime
) -> Appointment:
    async def work(tx: AsyncConnection) -> Appointment:
        seen = seen_by(caller, await tables.find(tx, appointment_id))
        matter = await load(tx, caller, seen.request_id, now)
        appointment = await tables.find(tx, appointment_id)  # again: the one seen before the lock may have changed
        assert appointment is not None, "appointments are never deleted"
        changed, consequences = await decide(tx, Standing(appointment, matter))
        await tables.change(tx, changed)
        await carry_out(tx, journal, matter.about, consequences, now)
        return changed

    return await once(db, caller, key, Appointment, work)


def seen_by(caller: Principal, appointment: Appointment | None) -> Appointment:
    """Raises Problem alike where there is none and where it is somebody else's."""
    if appointment is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    caller.own(Role.CLIENT, appointment.client_id)
    caller.own(Role.PROVIDER, appointment.provider_id)
    return appointment
