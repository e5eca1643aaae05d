"""What a service's migration makes is what `add_deadlines` says, with the settings that are compared by nobody else."""

import importlib.util
import json
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from common.db import Database, new_metadata
from common.deadlines.tables import add_deadlines
from common.migrate import differences
from deploy.local.infrastructure import Infrastructure

MIGRATION = Path(__file__).parents[3] / "services/scheduling/migrations/0002_deadlines.py"

DESCRIBED = """
with its as (select oid, relname, relkind, reloptions from pg_class where relname ~ '^(deadline|work_calendar)')
select (select json_agg(indexdef order by indexdef) from pg_indexes where indexname in (select relname from its))::text,
       (select json_agg(concat_ws(' ', relname, conname, pg_get_constraintdef(c.oid)) order by relname, conname)
          from pg_constraint c join its on its.oid = conrelid where contype <> 'n')::text,
       (select json_agg(reloptions order by relname) from its)::text"""


def upgrade(connection: sa.Connection) -> None:
    spec = importlib.util.spec_from_file_location("migration", MIGRATION)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with Operations.context(MigrationContext.configure(connection)):
        module.upgrade()


async def test_the_migration_makes_the_tables_in_the_code(infrastructure: Infrastructure) -> None:
    described = []
    metadata = new_metadata()
    add_deadlines(metadata)
    for make in (upgrade, metadata.create_all):
        name = f"deadlines_migrated_{uuid4().hex[:6]}"
        await infrastructure.create_database(name)
        db = await Database.open(infrastructure.dsn(name))
        async with db.engine.begin() as tx:
            await tx.run_sync(make)
            assert await tx.run_sync(differences, metadata) == []
            described.append(tuple((await tx.execute(sa.text(DESCRIBED))).one()))
        await db.close()
        await infrastructure.drop_database(name)
    for migrated, in_the_code in zip(*described, strict=True):
        assert json.loads(migrated) == json.loads(in_the_code)
    assert "autovacuum_vacuum_scale_factor=0.01" in described[0][2]
