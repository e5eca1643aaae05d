"""What an answered instrument means for what the client was sent, and for what is to be sent next."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments import tables
from assessments.assignments.marking import mark_answered
from assessments.assignments.rules import AssignmentState
from assessments.responses.rules import AssessmentResponse
from common.deadlines import engine
from common.notices.usecases import withdraw


async def response_completed(tx: AsyncConnection, response: AssessmentResponse, now: datetime) -> None:
    """In the transaction that completes the response: nobody is reminded any more, and the client is planned anew, since a follow-up may
    come of it (A3)."""
    asked = await tables.find(tx, response.assignment_id) if response.assignment_id else None
    if asked and asked.state is AssignmentState.COMPLETED:
        await engine.cancel(tx, subject=asked.assignment_id, now=now, reason="answered")
        await withdraw(tx, asked.assignment_id)
    await mark_answered(tx, response.client_id)
