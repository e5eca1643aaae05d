"""Routes that every service has for those who run it: health, metrics, the journal's heads and pages, parked clients, the clock."""

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import AwareDatetime, BaseModel

from common import journal as journals
from common.auth import Allow, Role, anyone
from common.clock import Clock
from common.db import DOWN, Database
from common.edge import Db, Now, TheJournal, TheMetrics
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem

health = APIRouter(tags=["health"], dependencies=[anyone])
router = APIRouter(prefix="/v1", tags=["operations"])
readers = Depends(Allow(Role.SERVICE, Role.PRIVACY_OFFICER, Role.OPERATIONS))
operators = Depends(Allow(Role.OPERATIONS))


class Health(BaseModel):
    status: str


class Heads(BaseModel):
    """Everything up to these positions is committed."""

    heads: dict[int, int]


class EntryOut(BaseModel):
    stream: int
    position: int
    event_id: UUID
    type: str
    subject: UUID
    payload: str
    digest: str
    traceparent: str | None


class Entries(BaseModel):
    items: list[EntryOut]


class ParkedClient(BaseModel):
    source: str
    client_id: UUID
    reason: str
    parked_at: datetime
    waiting: int


class ParkedClients(BaseModel):
    items: list[ParkedClient]


class AppliedTo(BaseModel):
    """The last position of a stream that has taken effect here, and its digest (hexadecimal)."""

    stream: int
    position: int
    digest: str


class Applied(BaseModel):
    items: list[AppliedTo]


class Replayed(BaseModel):
    events: int


class Time(BaseModel):
    now: AwareDatetime


@health.get("/livez", operation_id="livez")
async def livez() -> Health:
    """The process runs."""
    return Health(status="alive")


@health.get("/readyz", operation_id="readyz", responses={503: {"model": Health}})
async def readyz(request: Request, response: Response) -> Health:
    """It can serve: started, migrated, and its database answers. Kafka may be away: an opt-out is taken all the same."""
    db: Database | None = getattr(request.app.state, "db", None)
    try:
        if db is not None and await db.pool.fetchval("select 1"):
            return Health(status="ready")
    except DOWN:
        pass
    response.status_code = 503
    return Health(status="database away")


@health.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(the: TheMetrics) -> Response:
    return Response(generate_latest(the.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/journal/heads", operation_id="readHeads", dependencies=[readers], responses=problems())
async def read_heads(db: Db) -> Heads:
    async with db.pool.acquire() as tx:
        return Heads(heads=dict(await journals.heads(tx)))


@router.get("/journal/streams/{stream}/entries", operation_id="readEntries", dependencies=[readers], responses=problems("not_found"))
async def read_entries(
    db: Db, journal: TheJournal, stream: int, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 500
) -> Entries:
    """A page of a stream in its order, for gap repair and audit."""
    if not 0 <= stream < journal.streams:
        raise Problem("not_found", "No such stream.")
    async with db.pool.acquire() as tx:
        entries = await journal.page(tx, stream, after, limit)
    return Entries(
        items=[
            EntryOut(
                stream=e.stream,
                position=e.position,
                event_id=e.event_id,
                type=e.type,
                subject=e.subject,
                payload=e.payload,
                digest=b64encode(e.digest).decode(),
                traceparent=e.traceparent,
            )
            for e in entries
        ]
    )


@router.get("/applied/{source}", operation_id="readApplied", dependencies=[readers], responses=problems("not_found"))
async def read_applied(request: Request, db: Db, source: StructuredText) -> Applied:
    """How far a publisher's journal has been applied: a witness of what it was, outside of the publisher's database."""
    if source not in request.app.state.appliers:
        raise Problem("not_found", "This service takes nothing from there.")
    rows = await db.pool.fetch("select stream, position, digest from applied where source = $1 order by stream", source)
    return Applied(items=[AppliedTo(stream=r["stream"], position=r["position"], digest=r["digest"].hex()) for r in rows])


PARKED = """
select p.source, p.client_id, p.reason, p.parked_at, count(e.position) as waiting
  from parked_client p left join parked_event e using (source, client_id) group by p.source, p.client_id order by p.parked_at"""


@router.get("/parked-clients", operation_id="listParkedClients", dependencies=[readers], responses=problems())
async def list_parked_clients(db: Db) -> ParkedClients:
    """Clients whose events wait behind one that could not be applied. They are treated as opted out."""
    rows = await db.pool.fetch(PARKED)
    return ParkedClients(items=[ParkedClient(**row) for row in rows])


@router.post(
    "/parked-clients/{source}/{client_id}/replays",
    operation_id="replayParkedClient",
    dependencies=[operators],
    responses=problems("not_found"),
)
async def replay_parked_client(request: Request, source: StructuredText, client_id: UUID) -> Replayed:
    """Once the cause is mended: the client's events in their order, all or nothing."""
    appliers: dict[str, Any] = request.app.state.appliers
    if source not in appliers:
        raise Problem("not_found", "This service takes nothing from there.")
    return Replayed(events=await appliers[source].replay(client_id))


@router.get("/clock", operation_id="readClock", dependencies=[operators], responses=problems())
async def read_clock(now: Now) -> Time:
    return Time(now=now)


@router.put("/clock", operation_id="moveClock", dependencies=[operators], responses=problems())
async def move_clock(request: Request, time: Time) -> Time:
    """Only where the clock is simulated: in the local stack."""
    clock: Clock = request.app.state.clock
    if not clock.simulated:
        raise Problem("invalid_request", "This service runs on real time.")
    clock.move_to(time.now)
    return Time(now=clock.now())
