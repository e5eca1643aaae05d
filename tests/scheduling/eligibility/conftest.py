"""One office a module; every test brings people of its own."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from deploy.local.infrastructure import Infrastructure
from scheduling.eligibility.check import embedded
from tests.scheduling.eligibility.office import Office, opened


@pytest.fixture(scope="module")
async def shared_office(infrastructure: Infrastructure) -> AsyncIterator[Office]:
    async with opened(infrastructure) as found:
        yield found


@pytest.fixture
async def office(shared_office: Office) -> AsyncIterator[Office]:
    yield replace(shared_office)
    shared_office.app.state.eligibility_check = embedded
