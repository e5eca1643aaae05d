"""What can be done about satisfaction: answer."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.responses.rules import Answered
from assessments.responses.usecases import answerer, record_whole
from assessments.satisfaction.rules import SatisfactionResponse
from common.auth import Principal
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal


async def answer_satisfaction(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, answered: Answered, score: int, now: datetime
) -> SatisfactionResponse:
    """A form like the others, which answers what the client was sent where it asks for this. Raises Problem for an unknown client."""

    async def work(tx: AsyncConnection) -> SatisfactionResponse:
        response = await record_whole(tx, journal, answerer(caller), answered, now)
        return SatisfactionResponse(response_id=response.response_id, client_id=response.client_id, score=score, answered_at=now)

    return await once(db, caller, key, SatisfactionResponse, work)
