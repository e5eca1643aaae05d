"""What the provider's work queue shows: what is to be answered, recorded and scheduled, the most urgent first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.db import Database
from scheduling.appointments.rules import Appointment
from scheduling.pages import looking
from scheduling.pages.looking import Known
from scheduling.pages.times import Left, left
from scheduling.requests.queue import Queued, work_queue
from scheduling.requests.states import MOVES, UNANSWERED, RequestState


@dataclass(frozen=True, slots=True)
class Card:
    """One request. `can`: the moves that are possible now."""

    request: Queued
    client: Known
    left: Left | None
    can: Collection[str]
    booked: Sequence[Appointment]

    @property
    def short(self) -> str:
        """What people call it by: of the client nothing is said that would name them."""
        return short(self.request.request_id)


@dataclass(frozen=True, slots=True)
class Queue:
    zone: str
    to_answer: Sequence[Card]
    to_record: Sequence[Appointment]
    to_schedule: Sequence[Card]
    to_come: Sequence[Appointment]
    in_care: Sequence[Card]
    clients: dict[UUID, Known]


def short(request_id: UUID) -> str:
    return request_id.hex[:8].upper()


async def queue_of(db: Database, provider_id: UUID, now: datetime) -> Queue:
    queued = await work_queue(db, provider_id)
    async with db.begin() as tx:
        booked = await looking.scheduled_of_provider(tx, provider_id)
        clients = await looking.clients_known(tx, {r.client_id for r in queued} | {a.client_id for a in booked})
        zone = await looking.zone_of_provider(tx, provider_id)
    cards = [_card(request, clients[request.client_id], booked, now) for request in queued]
    return Queue(
        zone=zone,
        to_answer=[card for card in cards if card.request.state in UNANSWERED],
        to_record=[a for a in booked if a.starts_at <= now],
        to_schedule=[card for card in cards if card.request.state not in UNANSWERED and not _settled(card)],
        to_come=[a for a in booked if a.starts_at > now],
        in_care=[card for card in cards if card.request.state is RequestState.IN_CARE],
        clients=clients,
    )


def _settled(card: Card) -> bool:
    """Nothing is to be done about it but to meet."""
    return card.request.state is RequestState.IN_CARE or bool(card.booked)


def _card(request: Queued, client: Known, booked: Sequence[Appointment], now: datetime) -> Card:
    due_at = request.due.due_at if request.due else None
    mine = [a for a in booked if a.request_id == request.request_id]
    return Card(request, client, left(due_at, now) if due_at else None, {move.value for move in MOVES[request.state]}, mine)
