from collections.abc import AsyncIterator

import pytest

from deploy.local.infrastructure import Infrastructure
from tests.scheduling.providers.edge import Portal, opened, own_database
from tests.scheduling.providers.made import NOW


@pytest.fixture(scope="module")
async def portal(infrastructure: Infrastructure) -> AsyncIterator[Portal]:
    """With a directory of its own for each file."""
    async with own_database(infrastructure) as db, opened(db) as made:
        yield made


@pytest.fixture(autouse=True)
def same_time(portal: Portal) -> None:
    """A test that moves the time moves it for itself."""
    portal.now = NOW
