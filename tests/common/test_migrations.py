"""What the migrations make is what the code says, in every service."""

import importlib
from uuid import uuid4

import pytest

from common.db import Database
from common.migrate import differences, migrate
from deploy.generate import SETTINGS
from deploy.local.infrastructure import Infrastructure


@pytest.mark.parametrize("service", SETTINGS)
async def test_from_an_empty_database_the_migrations_lead_to_the_tables_in_the_code(infrastructure: Infrastructure, service: str) -> None:
    app = importlib.import_module(f"{service}.app")
    name = f"migrated_{service}_{uuid4().hex[:6]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    for _ in range(2):  # the second time changes nothing
        await migrate(db, service, app.MIGRATIONS, app.metadata, 16)
    async with db.engine.connect() as tx:
        assert await tx.run_sync(differences, app.metadata) == []
    assert await db.pool.fetchval("select count(*) from journal_head") == 16
    await db.close()
    await infrastructure.drop_database(name)
