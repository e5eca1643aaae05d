"""A database with the tables of notifications, and a relay that takes their mails."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from common.db import Database
from deploy.local.infrastructure import Infrastructure
from scheduling.clients.tables import client
from scheduling.employers.tables import employer
from scheduling.notifications.tables import contact, notification
from scheduling.plans.tables import plan
from scheduling.providers.tables import provider
from scheduling.schema import metadata
from tests.scheduling.notifications.relay import Relay, relaying

TABLES = [employer, plan, client, provider, contact, notification]


@pytest.fixture(scope="module")
async def opened(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"notifications_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    async with db.engine.begin() as tx:
        await tx.run_sync(metadata.create_all, tables=TABLES)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture
async def db(opened: Database) -> Database:
    """Empty: a mailer would send what another test has left."""
    await opened.pool.execute("truncate notification, contact, client, provider, plan, employer cascade")
    return opened


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with relaying() as found:
        yield found
