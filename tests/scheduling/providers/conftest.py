from collections.abc import AsyncIterator

import pytest

from deploy.local.infrastructure import Infrastructure
from tests.scheduling.providers.edge import Portal, opened, own_database


@pytest.fixture(scope="session")
async def portal(infrastructure: Infrastructure) -> AsyncIterator[Portal]:
    async with own_database(infrastructure) as db, opened(db) as made:
        yield made
