"""What can be done about a visit's coverage."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.event import Event
from common.contracts.vocabulary import Programme
from scheduling.coverage.rules import VisitTerms


async def reserve(tx: AsyncConnection, *, client_id: UUID, programme: Programme, appointment_id: UUID, starts_on: date) -> VisitTerms:
    raise NotImplementedError


async def release(tx: AsyncConnection, appointment_id: UUID) -> None:
    raise NotImplementedError


async def move(tx: AsyncConnection, appointment_id: UUID, starts_on: date) -> VisitTerms:
    raise NotImplementedError


async def settle(
    tx: AsyncConnection, *, appointment_id: UUID, client_id: UUID, provider_id: UUID, programme: Programme, held_on: date, now: datetime
) -> tuple[VisitTerms, Sequence[Event]]:
    raise NotImplementedError
