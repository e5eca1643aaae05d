"""What can be done about satisfaction: answer."""

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.satisfaction import tables
from assessments.satisfaction.tables import SatisfactionResponse
from common.auth import Principal
from common.contracts.assessments import SatisfactionAnswered
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem


async def answer_satisfaction(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, response: SatisfactionResponse
) -> SatisfactionResponse:
    """Raises Problem for a client that is not known."""

    async def work(tx: AsyncConnection) -> SatisfactionResponse:
        programme = await tables.insert(tx, response)
        if programme is None:
            raise Problem("unknown_client", "No such client.", field="client_id")
        event = SatisfactionAnswered(
            occurred_at=response.answered_at,
            client_id=response.client_id,
            response_id=response.response_id,
            programme=programme,
            score=response.score,
        )
        await journal.append(tx, event)
        return response

    return await once(db, caller, key, SatisfactionResponse, work)
