from collections.abc import AsyncIterator

import pytest

from deploy.local.infrastructure import Infrastructure
from tests.scheduling.providers.edge import Portal, opened, own_database


@pytest.fixture(scope="module")
async def portal(infrastructure: Infrastructure) -> AsyncIterator[Portal]:
    """With a directory of its own for each file."""
    async with own_database(infrastructure) as db, opened(db) as made:
        yield made
