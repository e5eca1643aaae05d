"""Our own services in the comparison: the whole local stack, its services told apart only by datagrams (`observed.py`)."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.contenders import Contender
from bench.moments import Moments
from bench.posting import Posting
from deploy.local.stack import Stack


def observe(stack: Stack, moments: Moments, services: Sequence[str] = ("reporting",), *more: str) -> None:
    """Starts these services of a running stack anew, under observation."""
    for service in services:
        process = stack.processes[service]
        process.stop()
        process.argv = [sys.executable, "-m", "bench.observed", service, *more]
        process.env = {**process.env, **moments.environment}
        process.start()
    for service in services:
        stack.processes[service].wait_ready(f"{stack.url(service)}/readyz", 60)


@asynccontextmanager
async def opened(stack: Stack, moments: Moments) -> AsyncIterator[Contender]:
    """The stack runs, under observation."""
    async with Posting(stack.url("consent")) as posting:
        yield Contender(posting, stack.database("consent"), stack.database("reporting"), stack.issuer, moments)
