"""Raises a safety flag in the transaction that saves the answer: the row, who is told at once, and the clock until somebody looks."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.care.tables import providers_of
from assessments.responses.rules import Draft
from assessments.safety import rules, tables
from assessments.safety.policies import POLICIES
from assessments.safety.rules import SafetyFlag
from common.contracts.event import Event
from common.deadlines import engine
from common.deadlines.policies import newest
from common.notices.usecases import tell


async def raise_flag(tx: AsyncConnection, draft: Draft, item: str | None, now: datetime) -> list[Event]:
    """What is to be told of it, for the end of the transaction; nothing without an item, or where the response is flagged already."""
    if item is None:
        return []
    providers = await providers_of(tx, draft.client_id)
    flag = SafetyFlag(
        flag_id=uuid4(),
        client_id=draft.client_id,
        response_id=draft.response_id,
        assignment_id=draft.assignment_id,
        programme=draft.programme,
        provider_id=next(iter(providers), None),
        instrument=draft.instrument,
        item=item,
        raised_at=now,
    )
    if not await tables.add(tx, flag):
        return []
    await tell(tx, rules.notices(flag, providers, "raised", rules.RAISED), now)
    policy = newest(POLICIES, rules.ACKNOWLEDGEMENT)
    await engine.arm(tx, policy, subject=flag.flag_id, about=flag.client_id, anchor_at=now, zone="UTC", now=now)
    return [rules.raised_event(flag)]
