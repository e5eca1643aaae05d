"""What is owed until when: a provider's work queue, and the service levels of one request."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from common.auth import Principal
from common.db import Database
from common.deadlines.deadline import Deadline
from common.deadlines.engine import open_deadlines
from common.deadlines.looking import soonest
from scheduling.requests import tables
from scheduling.requests.changing import seen_by
from scheduling.requests.rules import ConsultationRequest
from scheduling.service_levels.rules import RULES

LONGEST = 500
"""A provider with more open requests than that sees the ones that are due first."""


class ServiceLevel(BaseModel):
    """`due_at` is absent while the clock stands, because it is somebody else's turn. Overdue is what is past it."""

    policy: str
    rule: str
    anchor_at: datetime
    due_at: datetime | None
    missed: bool


class Queued(ConsultationRequest):
    """A request in the provider's queue, with what is due next."""

    due: ServiceLevel | None


def level_of(deadline: Deadline) -> ServiceLevel:
    return ServiceLevel(
        policy=deadline.policy_code,
        rule=RULES[deadline.policy_code],
        anchor_at=deadline.anchor_at,
        due_at=deadline.due_at,
        missed=deadline.missed_at is not None,
    )


async def service_levels(db: Database, caller: Principal, request_id: UUID) -> list[ServiceLevel]:
    """Raises Problem where there is none, or where it is somebody else's."""
    async with db.begin() as tx:
        request = seen_by(caller, await tables.find(tx, request_id))
        found = await open_deadlines(tx, subject=request_id, limit=20)
        if request.episode_id:
            found += await open_deadlines(tx, subject=request.episode_id, limit=5)
    return [level_of(deadline) for deadline in found]


async def work_queue(db: Database, provider_id: UUID) -> list[Queued]:
    async with db.begin() as tx:
        requests = await tables.open_of_provider(tx, provider_id)
        due = await soonest(tx, [request.request_id for request in requests])
    queued = [Queued(**r.model_dump(), due=level_of(due[r.request_id]) if r.request_id in due else None) for r in requests]
    queued.sort(key=lambda q: (q.due is None or q.due.due_at is None, (q.due and q.due.due_at) or q.requested_at))
    return queued[:LONGEST]
