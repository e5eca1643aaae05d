"""What the client's page shows: how far each request has come, what is owed until when, who else could be asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.contracts.scheduling import AppointmentKind
from common.contracts.vocabulary import Programme
from common.db import Database
from common.problems import Problem
from scheduling.appointments.rules import Appointment, AppointmentState
from scheduling.availability.rules import Slot
from scheduling.availability.usecases import list_open_slots
from scheduling.coverage.choosing import CoverageTerms, read_terms
from scheduling.matching.rules import MatchingCase
from scheduling.matching.usecases import list_cases
from scheduling.pages import looking
from scheduling.pages.steps import Step, next_of, steps_of
from scheduling.requests import tables
from scheduling.requests.queue import ServiceLevel, service_levels
from scheduling.requests.rules import ConsultationRequest
from scheduling.requests.states import MOVES, Move
from scheduling.waitlist.rules import WaitlistEntry
from scheduling.waitlist.usecases import list_entries

FIRST = UUID(int=0)
SHOWN_CASES, SHOWN_SLOTS = 10, 40
AHEAD = timedelta(days=14)
"""How far open times are offered for."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One request. `can`: the moves that are possible now. `open_times`: what its provider has open."""

    request: ConsultationRequest
    provider: str
    steps: Sequence[Step]
    next: str
    levels: Sequence[ServiceLevel]
    to_come: Sequence[Appointment]
    can: Collection[str]
    open_times: Mapping[AppointmentKind, Sequence[Slot]]

    @property
    def care_has_begun(self) -> bool:
        return Move.END in self.can


@dataclass(frozen=True, slots=True)
class Mine:
    zone: str
    shown: Sequence[Shown]
    cases: Sequence[MatchingCase]
    not_served: bool
    waits: WaitlistEntry | None
    covered: CoverageTerms | None
    """Where the employer's visits are used or scheduled, all of them: what is chosen for afterwards, or is to be."""


async def mine_of(db: Database, caller: Principal, now: datetime) -> Mine:
    async with db.begin() as tx:
        zone = await looking.zone_of_client(tx, caller.id)
        if zone is None:
            raise Problem("unknown_client", "No such client.")
        requests = await _worth_showing(tx, caller.id)
        names = await looking.names_of(tx, {request.provider_id for request in requests})
        appointments = await looking.of_requests(tx, {request.request_id for request in requests})
    shown = [await _shown(db, caller, r, names[r.provider_id], appointments, now) for r in requests]
    entries = await list_entries(db, caller.id, None, FIRST, 1)
    cases = await list_cases(db, caller.id, "open", FIRST, SHOWN_CASES)
    not_served = any(r.decline_reason == "state_not_served" for r in requests)
    return Mine(zone, shown, cases, not_served, entries[0] if entries else None, await _covered(db, caller.id, now))


async def _covered(db: Database, client_id: UUID, now: datetime) -> CoverageTerms | None:
    """S13."""
    terms = await read_terms(db, client_id, Programme.EWS, None, now)
    return terms if terms.left == 0 else None


async def _worth_showing(tx: AsyncConnection, client_id: UUID) -> Sequence[ConsultationRequest]:
    """The open ones, the newest first; without any, the last one that there was."""
    every = [r for programme in Programme for r in await tables.of_client(tx, client_id, programme)]
    every.sort(key=lambda r: r.requested_at, reverse=True)
    return [r for r in every if not r.is_over] or every[:1]


async def _shown(
    db: Database, caller: Principal, request: ConsultationRequest, provider: str, appointments: Sequence[Appointment], now: datetime
) -> Shown:
    own = [a for a in appointments if a.request_id == request.request_id]
    to_come = [a for a in own if a.state is AppointmentState.SCHEDULED and a.starts_at > now]
    levels = await service_levels(db, caller, request.request_id)
    can = {move.value for move in MOVES[request.state]}
    kinds: set[AppointmentKind] = {a.kind for a in to_come}
    if Move.SCHEDULE_CONSULTATION in can:
        kinds.add("consultation")
    open_times = {kind: (await list_open_slots(db, request.provider_id, kind, now, now + AHEAD, now)).items[:SHOWN_SLOTS] for kind in kinds}
    return Shown(request, provider, steps_of(request, levels, own), next_of(request), levels, to_come, can, open_times)
