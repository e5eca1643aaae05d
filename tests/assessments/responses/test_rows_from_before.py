"""What was answered before forms were saved item by item stays what it was: the migration fills in what it can know."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import AsyncConnection

import assessments
from assessments.responses.rules import AssessmentResponse
from assessments.responses.tables import completed_of, find
from assessments.schema import metadata
from common.db import Database
from common.migrate import config
from deploy.local.infrastructure import Infrastructure
from tests.assessments.responses.people import CLIENT, NOON

MIGRATIONS = Path(assessments.__file__).parent / "migrations"
SCORED, SATISFIED = uuid4(), uuid4()
KEPT = {"response_id": str(SCORED), "client_id": str(CLIENT), "instrument": "phq-9", "answered": 1, "raw_sum": 3}
KEPT |= {"total": None, "total_method": "invalid", "severity": None, "completed_at": NOON.isoformat()}
BEFORE: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        """insert into assessment_response (response_id, client_id, programme, instrument, instrument_version, answers, answered, raw_sum,
                                            total, total_method, severity, completed_at)
           values (:it, :client, 'care_connect', 'phq-9', '1', '{"44250-9": "LA6571-9"}', 1, 3, null, 'invalid', null, :at)""",
        {"it": SCORED, "client": CLIENT, "at": NOON},
    ),
    (
        "insert into satisfaction_response values (:it, :client, 'care_connect', 7, :at)",
        {"it": SATISFIED, "client": CLIENT, "at": NOON},
    ),
    (
        "insert into idempotency (caller, key, request_digest, body) values ('client:1', 'k', '', cast(:body as jsonb))",
        {"body": json.dumps(KEPT)},
    ),
)


@pytest.fixture
async def tx(infrastructure: Infrastructure) -> AsyncIterator[AsyncConnection]:
    name = f"before_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name), 2)
    async with db.engine.begin() as tx:
        await to(tx, "0002")
        for statement, values in BEFORE:
            await tx.execute(sa.text(statement), values)
        await to(tx, "head")
        yield tx
    await db.close()
    await infrastructure.drop_database(name)


async def to(tx: AsyncConnection, revision: str) -> None:
    await tx.run_sync(lambda connection: command.upgrade(config(MIGRATIONS, metadata, connection), revision))


async def test_what_was_answered_before_is_completed_answered_by_the_client_and_scored_as_it_was(tx: AsyncConnection) -> None:
    found = {response.response_id: response for response in await completed_of(tx, CLIENT)}
    scored, satisfied = found[SCORED], found[SATISFIED]
    assert (scored.answered_by, scored.source, scored.completed_at, scored.assignment_id) == ("client", "portal", NOON, None)
    assert (scored.raw_sum, scored.total, scored.total_method, scored.language) == (3, None, "invalid", "en")
    assert (satisfied.instrument, satisfied.total, satisfied.severity) == ("satisfaction", 7, "passive")
    single = await find(tx, SATISFIED)
    assert single is not None
    assert single.answers == {"recommend": "7"}


async def test_a_request_from_before_that_is_repeated_is_answered_as_it_was(tx: AsyncConnection) -> None:
    kept = (await tx.execute(sa.text("select body from idempotency"))).scalar_one()
    assert AssessmentResponse.model_validate(kept).response_id == SCORED
