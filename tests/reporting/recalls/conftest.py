"""Reporting's own tables without the service, and a story on the real stack."""

from collections.abc import AsyncIterator

import httpx
import pytest

from common.db import Database
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.reporting.recalls.recalled import reporting_database
from tests.story import Story


@pytest.fixture(scope="package")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    async with reporting_database(infrastructure) as db:
        yield db


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()
