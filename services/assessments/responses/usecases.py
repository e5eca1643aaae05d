"""What can be done about assessments: answer one, look."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.instruments.rules import score
from assessments.responses import rules, tables
from assessments.responses.rules import Answered, AssessmentResponse
from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem


async def answer_assessment(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, answered: Answered, now: datetime
) -> AssessmentResponse:
    """A2: answering is the client's choice, item by item. Raises Problem for a client that is not known."""
    response = rules.complete(answered, score(answered.instrument, answered.answers), now)

    async def work(tx: AsyncConnection) -> AssessmentResponse:
        programme = await tables.insert(tx, response, answered)
        if programme is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        await journal.append(tx, rules.completed(response, programme))
        return response

    return await once(db, caller, key, AssessmentResponse, work)


async def list_responses(db: Database, client_id: UUID, last: UUID, limit: int) -> list[AssessmentResponse]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, last, limit)
