"""Alembic configured in code: a service brings its own database to the newest revision when it starts, under a lock."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from common.db import Database

ENVIRONMENT = Path(__file__).parent / "alembic_environment"

SEED_HEADS = """
insert into journal_head (stream, position, digest)
select stream, 0, decode(repeat('00', 32), 'hex') from generate_series(0, :streams - 1) as stream on conflict do nothing"""


def config(migrations: Path, metadata: sa.MetaData, connection: sa.Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(ENVIRONMENT))
    made.set_main_option("version_locations", str(migrations))
    made.set_main_option("path_separator", "os")
    made.attributes.update(connection=connection, metadata=metadata)
    return made


async def migrate(db: Database, service: str, migrations: Path, metadata: sa.MetaData, streams: int) -> None:
    """Idempotent; several instances may start at once."""

    def upgrade(connection: sa.Connection) -> None:
        settings = config(migrations, metadata, connection)
        current = MigrationContext.configure(connection).get_current_revision()
        if current != ScriptDirectory.from_config(settings).get_current_head():
            command.upgrade(settings, "head")

    async with db.engine.begin() as tx:
        await tx.execute(sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"migrate {service}"})
        await tx.run_sync(upgrade)
        await tx.execute(sa.text(SEED_HEADS), {"streams": streams})


def differences(connection: sa.Connection, metadata: sa.MetaData) -> list[object]:
    """What the migrations and the tables in the code disagree about; a test wants none."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))
