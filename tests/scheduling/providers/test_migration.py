"""Providers who were there before S3 was kept stay, in their zone, and are not listed until their record is complete."""

from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from alembic import command

import scheduling
from common.db import Database
from common.migrate import config
from deploy.local.infrastructure import Infrastructure
from scheduling.geography import ZONES
from scheduling.providers import tables
from scheduling.schema import metadata

MIGRATIONS = Path(scheduling.__file__).parent / "migrations"


async def test_S3_a_provider_from_before_keeps_what_there_was_and_is_told_what_is_missing(infrastructure: Infrastructure) -> None:
    name, ids = f"migrated_{uuid4().hex[:8]}", {state: uuid4() for state in ZONES}
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name), 2)
    async with db.engine.begin() as tx:
        await tx.run_sync(lambda connection: command.upgrade(config(MIGRATIONS, metadata, connection), "0003"))
        rows = [{"id": provider_id, "state": state} for state, provider_id in ids.items()]
        await tx.execute(sa.text("insert into provider (provider_id, name, state, degree) values (:id, 'Before', :state, 'masters')"), rows)
        await tx.run_sync(lambda connection: command.upgrade(config(MIGRATIONS, metadata, connection), "0004"))
        found = {state: await tables.find(tx, provider_id) for state, provider_id in ids.items()}
    assert {state: there.zone for state, there in found.items() if there} == ZONES
    assert all(there and there.participations == () and there.version == 1 for there in found.values())
    await db.close()
    await infrastructure.drop_database(name)
