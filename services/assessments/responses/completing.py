"""Completes responses: scored, stored, and what follows from them, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments import completing as assignments
from assessments.instruments.catalogue import by_digest
from assessments.instruments.rules import score
from assessments.responses import rules, tables
from assessments.responses.rules import AssessmentResponse, Draft
from assessments.responses.telling import events_of
from common.contracts.event import Event


async def complete(tx: AsyncConnection, drafts: Sequence[Draft], now: datetime) -> list[AssessmentResponse]:
    """Each is scored by the very wording that it was answered in."""
    responses: list[AssessmentResponse] = []
    for draft in drafts:
        completed = rules.complete(draft, now)
        responses.append(scored(completed))
        await tables.put(tx, completed, responses[-1])
    return responses


def scored(draft: Draft) -> AssessmentResponse:
    assert draft.instrument_digest is not None, "only what was completed before digests were recorded has none"
    return rules.shown(draft, score(by_digest(draft.instrument_digest), draft.answers))


async def follow_up(tx: AsyncConnection, responses: Sequence[AssessmentResponse], now: datetime) -> list[Event]:
    """What is to be told of them. What they mean for outcomes and for what is sent next follows when their client is planned anew."""
    events: list[Event] = []
    for response in responses:
        events.extend(events_of(response))
        await assignments.response_completed(tx, response, now)
    return events
