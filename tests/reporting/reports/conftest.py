"""Reports over a database that holds what was published of three years."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.infrastructure import Infrastructure
from tests.pages_reporting.showing import fill
from tests.reporting.reports.published import database_of
from tests.reporting.reports.served import Served, served


@pytest.fixture(scope="session")
async def published(infrastructure: Infrastructure, worker: str) -> str:
    """Its database."""
    url = await database_of(infrastructure, f"{worker}reports_{uuid4().hex[:6]}")
    await fill(url)
    return url


@pytest.fixture(scope="session")
async def site(published: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with served(published, tmp_path_factory.mktemp("reports"), browsers=True) as found:
        yield found
