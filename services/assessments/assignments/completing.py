"""What an answered instrument means for what the client was sent, and for what is to be sent next."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.responses.rules import AssessmentResponse
from common.contracts.event import Event


async def response_completed(tx: AsyncConnection, response: AssessmentResponse, now: datetime) -> Sequence[Event]:
    """In the transaction that completes the response."""
    return []
