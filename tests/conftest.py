"""The real servers for all tests: PostgreSQL and Kafka, started once a run, shared by the workers.

Each worker has its own databases and topics on them. STACK says what they are: embedded (default), containers, external.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, settings

from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack

# Machines are shared: how long an example takes says nothing about the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

CHOSEN = "CARE_CONNECT_TEST_STACK"
"""What the run was started with; the workers find the servers as external ones."""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    os.environ[CHOSEN] = os.environ.get("STACK") or "embedded"
    infrastructure = Infrastructure().start()
    os.environ.update(infrastructure.addresses())
    config.add_cleanup(infrastructure.stop)


@pytest.fixture(scope="session")
def worker() -> str:
    """A name of this worker's own for databases and topics, also on external servers that were used before."""
    return f"{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}_{uuid4().hex[:6]}_"


@pytest.fixture(scope="session")
def infrastructure() -> Iterator[Infrastructure]:
    with Infrastructure(stack="external") as found:
        yield found


@pytest.fixture(scope="session")
async def stack(infrastructure: Infrastructure, worker: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The four services and the token issuer as processes of their own."""
    folder: Path = tmp_path_factory.mktemp("stack")
    made = Stack(infrastructure, folder, name=worker)
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.stop)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=15) as client:
        yield client
