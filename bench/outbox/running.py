"""The processes of one relay that people use: the service with the outbox, the relay, and the consumer, with databases of their own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench import debezium, seeding
from bench.contenders import Contender
from bench.moments import Moments
from bench.outbox.table import INBOX, OUTBOX
from bench.posting import Posting
from common import kafka
from deploy.local.infrastructure import Infrastructure
from deploy.local.issuer import Issuer
from deploy.local.ports import free_ports
from deploy.local.processes import Process

READY = 90
"""Seconds that a process may take to start; a Java runtime starts beside the others."""


@dataclass(frozen=True)
class Place:
    """Where the processes of all relays run."""

    infrastructure: Infrastructure
    issuer: Issuer
    moments: Moments
    folder: Path

    def process(self, name: str, module: str, *arguments: object) -> Process:
        argv = [sys.executable, "-m", module, *map(str, arguments)]
        return Process(name, argv, self.folder / f"{name}.log", self.moments.environment)


@asynccontextmanager
async def opened(place: Place, name: str) -> AsyncIterator[Contender]:
    """`name`: poll_100ms, listen_notify or debezium. Runs from here on, its relay paused until its turn."""
    consent, reporting = await _databases(place.infrastructure, name)
    bootstrap, topic = place.infrastructure.bootstrap, f"bench.{name}"
    await kafka.ensure_topics(bootstrap, [topic], seeding.STREAMS, 1)
    port, connect_port = free_ports(2)
    service = place.process(f"{name}-app", "bench.outbox.app", port, consent, place.issuer.address, *["notify"] * (name == "listen_notify"))
    consumer = place.process(f"{name}-consumer", "bench.outbox.consumer", reporting, bootstrap, topic)
    if name == "debezium":
        relay = debezium.process(consent, bootstrap, topic, connect_port, place.folder / name)
    else:
        relay = place.process(f"{name}-relay", "bench.outbox.relay", name.partition("_")[0], consent, bootstrap, topic)
    async with AsyncExitStack() as started:
        for process in (service, consumer, relay):
            started.push_async_callback(asyncio.to_thread, _stop, process)
            await asyncio.to_thread(process.start)
        await asyncio.to_thread(service.wait_ready, f"http://127.0.0.1:{port}/livez", READY)
        if name == "debezium":
            await asyncio.to_thread(relay.wait_ready, debezium.status_url(connect_port), READY)
        posting = await started.enter_async_context(Posting(f"http://127.0.0.1:{port}"))
        yield Contender(posting, consent, reporting, place.issuer, place.moments, relay)


async def _databases(infrastructure: Infrastructure, name: str) -> tuple[str, str]:
    """Consent's and reporting's tables as they are with us, and the outbox and the inbox."""
    consent = await seeding.tables_of("consent", infrastructure, f"{name}_consent")
    reporting = await seeding.tables_of("reporting", infrastructure, f"{name}_reporting")
    # Without the last Debezium would lose its connection while it is paused.
    for url, statement in ((consent, OUTBOX), (reporting, INBOX), (consent, f"alter database {name}_consent set wal_sender_timeout = 0")):
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()
    return consent, reporting


def _stop(process: Process) -> None:
    """A paused process does not hear that it is to end."""
    if process.alive:
        os.kill(process.pid, signal.SIGCONT)
    process.stop()
