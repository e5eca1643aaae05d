"""What routes ask for: the database, the journal, and the time. All `async`: FastAPI sends plain functions to a thread."""

from dataclasses import dataclass
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
    return clock.now() if clock_now is None else _said(clock, clock_now)


def _said(clock: Clock, now: datetime) -> datetime:
    if not clock.simulated or now.tzinfo is None:
        raise Problem("invalid_request", "The time cannot be set here.", field="Clock-Now")
    return now.astimezone(UTC)


def _date(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said)
    except ValueError as error:
        raise Problem("invalid_request", "No date.", field="Clock-Now") from error


@dataclass(frozen=True, slots=True)
class Parts:
    """The same in one go, for the routes where every dependency counts. A real clock looks at nobody else's time: nothing may stop them."""

    db: Database
    journal: Journal
    now: datetime
    prefer: str | None

    @classmethod
    def of(cls, request: Request) -> "Parts":
        state = request.app.state
        said = request.headers.get("clock-now") if state.clock.simulated else None
        now = state.clock.now() if said is None else _said(state.clock, _date(said))
        return cls(state.db, state.journal, now, request.headers.get("prefer"))


Db = Annotated[Database, Depends(_db)]
TheJournal = Annotated[Journal, Depends(_journal)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
Now = Annotated[datetime, Depends(_now)]
