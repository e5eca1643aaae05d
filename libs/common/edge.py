"""What routes ask for: the database, the journal, and the time. All `async`: FastAPI sends plain functions to a thread."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Request

from common.clock import Clock
from common.db import Database
from common.journal import Journal
from common.metrics import Metrics
from common.problems import Problem


async def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


async def _journal(request: Request) -> Journal:
    journal: Journal = request.app.state.journal
    return journal


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _now(request: Request, clock_now: Annotated[datetime | None, Header(include_in_schema=False)] = None) -> datetime:
    """On a simulated clock a request may say when it happens (`Clock-Now`); on a real one it may not."""
    clock: Clock = request.app.state.clock
    if clock_now is None:
        return clock.now()
    if not clock.simulated or clock_now.tzinfo is None:
        raise Problem("invalid_request", "The time cannot be set here.", field="Clock-Now")
    return clock_now.astimezone(UTC)


Db = Annotated[Database, Depends(_db)]
TheJournal = Annotated[Journal, Depends(_journal)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
Now = Annotated[datetime, Depends(_now)]
