"""A reporting database of its own for each test that counts."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.infrastructure import Infrastructure
from tests.reporting.rollups.counting_house import CountingHouse, counting_house


@pytest.fixture
async def house(infrastructure: Infrastructure) -> AsyncIterator[CountingHouse]:
    async with counting_house(infrastructure) as opened:
        yield opened
