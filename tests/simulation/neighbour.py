"""Scheduling as assessments knows it: a real service with its journal, relay and topic, whose facts a run writes by itself; and the route
that takes notices, which refuses, hangs, or loses its answer now and then.

Run as `python -m tests.simulation.neighbour`.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from common.auth import Allow, Role
from common.db import new_metadata
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from common.schema import add_applied, add_idempotency, add_journal, moment
from common.service import Definition, build, serve
from common.settings import ServiceSettings
from tests.simulation.clock import SHARED, SharedTime, follow

WHOLE, REFUSES, HANGS = range(3)
"""What `mode` says."""
HANG_SECONDS = 6.0
"""Longer than assessments waits for an answer."""
LOST = 0.04
"""How often a request is refused, and how often its answer is lost, where nothing is the matter otherwise."""

metadata = new_metadata()
add_journal(metadata)
add_applied(metadata)
add_idempotency(metadata)
sa.Table(
    "notice_taken",
    metadata,
    sa.Column("recipient_kind", sa.Text, primary_key=True),
    sa.Column("recipient_id", sa.Uuid, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("about", sa.Uuid),
    sa.Column("link", sa.Text),
    moment("not_after", nullable=True),
    moment("taken_at"),
    sa.Column("times", sa.Integer, nullable=False),
)
TAKE = """
insert into notice_taken (recipient_kind, recipient_id, reason, template, about, link, not_after, taken_at, times)
values ($1, $2, $3, $4, $5, $6, $7, $8, 1)
on conflict (recipient_kind, recipient_id, reason) do update set times = notice_taken.times + 1"""
Text = Annotated[StructuredText, Field(max_length=2000)]
router = APIRouter(prefix="/v1/notices", dependencies=[Depends(Allow(Role.SERVICE))])


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SCHEDULING_")


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recipient_kind: Text
    recipient_id: UUID
    template: Text
    reason: Text
    about: UUID | None
    starts_at: AwareDatetime | None
    link: Text | None
    not_after: AwareDatetime | None


class Items(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[Item]


@router.post("", operation_id="takeNotices", responses=problems())
async def take(db: Db, body: Items, now: Now) -> None:
    rows = [
        (i.recipient_kind, i.recipient_id, i.reason, i.template, i.about, i.link, i.not_after, now)
        for i in sorted(body.items, key=lambda item: (item.recipient_kind, item.recipient_id, item.reason))
    ]
    async with db.pool.acquire() as connection:
        await connection.executemany(TAKE, rows)


def create_app(shared: SharedTime, draw: Random) -> FastAPI:
    limits, migrations = {"/v1/notices": 1 << 20}, Path(__file__).parent / "migrations"
    definition = Definition("scheduling", "A neighbour", (router,), migrations, metadata, body_limits=limits)
    app = build(definition, Settings())  # type: ignore[call-arg]

    @app.middleware("http")
    async def faults(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if not request.url.path.startswith("/v1/"):
            return await call_next(request)
        if shared.mode == HANGS:
            await asyncio.sleep(HANG_SECONDS)
        lucky = draw.random() if request.url.path == "/v1/notices" else 1.0
        if shared.mode != WHOLE or lucky < LOST:
            return Response(status_code=503)
        answer = await call_next(request)
        return Response(status_code=503) if lucky < 2 * LOST else answer

    return app


def main() -> None:
    app = create_app(follow(os.environ[SHARED]), Random(1))
    serve(app, Settings(), "scheduling")  # type: ignore[call-arg]


if __name__ == "__main__":
    main()
