"""Reporting's own tables, without the service."""

from collections.abc import AsyncIterator

import pytest

from common.db import Database
from deploy.local.infrastructure import Infrastructure
from tests.reporting.recalls.recalled import reporting_database


@pytest.fixture
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    """Of each test's own: whoever sends, sends everybody's."""
    async with reporting_database(infrastructure) as db:
        yield db
