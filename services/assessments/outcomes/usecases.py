"""Looking at a client's outcomes: measured at the moment of looking."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from assessments.assignments.facts import facts_of
from assessments.outcomes import measuring
from assessments.outcomes.rules import Outcome
from common.db import Database


async def outcomes_of(db: Database, client_id: UUID, now: datetime) -> Sequence[Outcome]:
    """Nothing for a client that is not known or has had no appointment."""
    async with db.begin() as tx:
        known = (await facts_of(tx, [client_id])).get(client_id)
    return measuring.outcomes_of(known, now) if known else []
