"""One service put together: settings in, a FastAPI app out. Each service's `app.py` calls `build` and nothing else does."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from common import kafka, logs, operating
from common.applying import Applier, Subscription
from common.auth import Verifier
from common.catching_up import CatchUp
from common.clock import Clock
from common.connection import DeliveringProtocol
from common.consumer import Consumer
from common.contracts.catalogue import topic_of
from common.db import DOWN, Database, when_there
from common.holdings.answering import answer_for_parts
from common.holdings.registry import Holder, Registry
from common.holdings.routes import holdings_of
from common.http import Edge, InTurns, add_error_handlers
from common.journal import Journal
from common.metrics import Metrics
from common.migrate import migrate
from common.owner import Owner
from common.positions import Positions
from common.relay import Relay
from common.running import Running
from common.service_token import ServiceToken
from common.settings import ServiceSettings

log = logging.getLogger(__name__)
KEEP_ALIVE = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=30)


@dataclass
class Definition:
    """What a service is made of."""

    name: str
    title: str
    routers: Sequence[APIRouter]
    migrations: Path
    metadata: sa.MetaData
    subscriptions: Callable[[Running], Sequence[tuple[Subscription, str]]] = lambda _: ()
    """What it takes from whom: a subscription and the owner's address."""
    extra_topics: dict[str, dict[str, str]] = field(default_factory=dict)
    body_limits: Mapping[str, int] = field(default_factory=dict)
    """Bytes, of the paths that take files."""
    in_turns: InTurns | None = None
    """Requests that come in masses and take turns, so that the others never wait behind them."""
    holdings: Registry | None = None
    """What it holds of a client: asked for over HTTP in numbers, and by a collection."""
    start: Callable[[Running], Awaitable[Sequence[Awaitable[None]]]] | None = None
    """Puts what the service's own routes need on `app.state`; answers its own background work."""


def build(definition: Definition, settings: ServiceSettings) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _running(definition, settings, app, metrics):
            yield

    metrics = Metrics()
    app = FastAPI(title=definition.title, version="1", lifespan=lifespan, docs_url="/docs", openapi_url="/openapi.json")
    app.state.metrics, app.state.clock = metrics, Clock(simulated=settings.clock == "simulated")
    app.state.journal = Journal(definition.name, settings.streams)
    add_error_handlers(app)
    own = () if definition.holdings is None else (holdings_of(definition.name, definition.holdings),)
    for router in (operating.health, operating.router, *definition.routers, *own):
        app.include_router(router)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["ETag", "Retry-After"],
        )
    limit, limits = settings.body_limit, definition.body_limits
    app.add_middleware(Edge, metrics=metrics, body_limit=limit, in_turns=definition.in_turns, body_limits=limits)
    return app


@contextlib.asynccontextmanager
async def _running(definition: Definition, settings: ServiceSettings, app: FastAPI, metrics: Metrics) -> AsyncIterator[None]:
    db = await when_there(lambda: Database.open(settings.database_url))
    await when_there(lambda: migrate(db, definition.name, definition.migrations, definition.metadata, settings.streams))
    async with httpx.AsyncClient(timeout=httpx.Timeout(5, connect=1), limits=KEEP_ALIVE) as http:
        token = ServiceToken(http, settings.token_url, settings.client_id, settings.client_secret)
        app.state.verifier = Verifier(http, settings.jwks_url, settings.token_issuer, settings.token_audience)
        running = Running(app, settings, db, app.state.journal, metrics, app.state.clock, http, token)
        relay = Relay(db, running.journal, settings.kafka, _topic(settings, definition.name), metrics, settings.relay_poll_seconds)
        db.on_commit = relay.committed
        work = [_topics_then_relay(definition, settings, relay), *_consuming(definition, running)]
        if definition.start:
            work += await definition.start(running)
        if definition.holdings is not None:
            holder = Holder(definition.name, definition.holdings, definition.metadata.tables)
            work.append(answer_for_parts(running, holder))
        app.state.db = db
        tasks = [asyncio.ensure_future(piece) for piece in (*work, _count_parked(db, metrics))]
        _spare_the_collector()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=5)
            await db.close()


def _topic(settings: ServiceSettings, source: str) -> str:
    return settings.topic_prefix + topic_of(source)


async def _topics_then_relay(definition: Definition, settings: ServiceSettings, relay: Relay) -> None:
    """Its own topics; whoever reads them waits until they are there."""
    while True:
        try:
            await kafka.ensure_topics(settings.kafka, [_topic(settings, definition.name)], settings.streams, settings.replication_factor)
            for name, config in definition.extra_topics.items():
                await kafka.ensure_topics(
                    settings.kafka, [settings.topic_prefix + name], settings.streams, settings.replication_factor, config
                )
            break
        except Exception as error:  # Kafka is not there yet: requests are served meanwhile
            log.warning("topics not made yet", extra={"error": type(error).__name__})
            await asyncio.sleep(0.3)
    await relay.run()


def _consuming(definition: Definition, running: Running) -> list[Any]:
    settings, work = running.settings, []
    running.app.state.appliers = {}
    for subscription, url in definition.subscriptions(running):
        source = subscription.source
        applier = Applier(running.db, subscription)
        positions = Positions(running.db, source, settings.streams, running.metrics)
        owner = Owner(source, url, running.http, running.token)
        catch_up = CatchUp(applier, owner, positions, running.metrics, settings.sweep_seconds)
        topic = _topic(settings, source)
        consumer = Consumer(catch_up, settings.kafka, topic, settings.topic_prefix + definition.name, settings.instance)
        running.app.state.appliers[source] = applier
        running.positions[source], running.catch_ups[source] = positions, catch_up
        work += [consumer.run(), catch_up.sweep()]
    return work


def _spare_the_collector() -> None:
    """What was made by now lives as long as the process. Going through it again and again would be pauses of tens of milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


async def _count_parked(db: Database, metrics: Metrics) -> None:
    while True:
        with contextlib.suppress(*DOWN):
            metrics.parked_clients.set(await db.pool.fetchval("select count(distinct client_id) from parked_client"))
        await asyncio.sleep(1)


def serve(app: FastAPI, settings: ServiceSettings, name: str) -> None:
    """Until SIGTERM: requests under way are finished, then relay and consumers stop, then the connections close."""
    logs.set_up(name)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=DeliveringProtocol,
        loop="uvloop",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
        backlog=512,
        server_header=False,
    )
