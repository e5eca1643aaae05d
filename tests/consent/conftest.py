"""The ledger that the tests of its verification share: every attack on it is rolled back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from common.db import Database
from common.migrate import migrate
from consent.ledger import usecases
from consent.ledger.signing import Signer, make_key
from consent.schema import metadata
from deploy.local.infrastructure import Infrastructure
from tests.consent.ledger import STREAMS, Kept

MIGRATIONS = Path(usecases.__file__).parents[1] / "migrations"


@pytest.fixture
async def empty(infrastructure: Infrastructure, key: Path) -> AsyncIterator[Kept]:
    """A ledger of a test's own."""
    async with opened(infrastructure) as db:
        yield Kept(db, Signer.from_file(key))


@pytest.fixture(scope="module")
async def kept(infrastructure: Infrastructure, key: Path) -> AsyncIterator[Kept]:
    async with opened(infrastructure) as db:
        yield await Kept(db, Signer.from_file(key)).grow()


@asynccontextmanager
async def opened(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"ledger_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "consent", MIGRATIONS, metadata, STREAMS)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "consent.pem"
    make_key(path)
    return path
