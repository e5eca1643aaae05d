"""C10: what becomes of the answers of a collection, whatever comes twice, late, in pieces or changed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from common.contracts.privacy import SERVICES, Part, PartCollected, PartRequested
from common.db import Database
from common.holdings.sealing import PIECE, sealed_pieces
from common.problems import Problem
from consent.collections import tables
from consent.collections.asking import FIRST, LONGEST, pause_after
from consent.collections.usecases import begin_collection, completed, erase_collection, is_complete, read_parts, status_of, take_piece
from consent.documents.sealing import DocumentKey
from deploy.local.infrastructure import Infrastructure
from tests.consent.conftest import opened

KEY = DocumentKey("of a test")
NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    async with opened(infrastructure) as found:
        yield found


async def begun(db: Database) -> UUID:
    async with db.begin() as tx:
        return await begin_collection(tx, KEY, uuid4(), None, NOW)


async def answers(db: Database, collection: UUID, service: str, text: str = "hello") -> list[PartCollected]:
    async with db.begin() as tx:
        row = await tables.find(tx, collection)
    assert row is not None
    asked = PartRequested(collection_id=collection, client_id=row.client_id, service=service, reply_key=row.reply_key)
    return list(sealed_pieces(asked, Part(service=service, as_of=NOW, tables={"thing": [{"text": text}]})))


async def takes(db: Database, answer: PartCollected) -> bool:
    async with db.begin() as tx:
        return await take_piece(tx, KEY, answer, NOW)


async def parts(db: Database, collection: UUID) -> list[Part]:
    async with db.begin() as tx:
        return await read_parts(tx, KEY, collection)


async def state(db: Database, collection: UUID, service: str) -> str:
    async with db.begin() as tx:
        [found] = [part.state for part in await status_of(tx, collection) if part.service == service]
        return found


async def done(db: Database, collection: UUID) -> bool:
    async with db.begin() as tx:
        return await is_complete(tx, collection)


async def test_C10_the_first_whole_answer_counts_and_what_comes_twice_changes_nothing(db: Database) -> None:
    collection = await begun(db)
    large = "x" * (2 * PIECE)
    first, second = await answers(db, collection, "reporting", large), await answers(db, collection, "reporting", "later")
    assert len(first) == 3
    assert await takes(db, first[2])
    assert await takes(db, first[2])
    assert await takes(db, first[0])
    assert await state(db, collection, "reporting") == "asked"
    assert await takes(db, first[1])
    assert await state(db, collection, "reporting") == "collected"
    assert not await takes(db, second[0])
    for service in {*SERVICES} - {"reporting"}:
        assert not await done(db, collection)
        for piece in await answers(db, collection, service):
            await takes(db, piece)
    assert await done(db, collection)
    found = {part.service: part.tables["thing"] for part in await parts(db, collection)}
    assert found == {service: [{"text": large if service == "reporting" else "hello"}] for service in SERVICES}


async def test_C10_an_answer_that_was_changed_or_sealed_for_another_is_dropped_and_asked_for_again(db: Database) -> None:
    collection, other = await begun(db), await begun(db)
    [mine], [anothers] = await answers(db, collection, "consent"), await answers(db, other, "consent")
    assert not await takes(db, mine.model_copy(update={"sealed": anothers.sealed}))
    assert not await takes(db, mine.model_copy(update={"digest": "00" * 32}))
    assert not await takes(db, mine.model_copy(update={"sealed": "nothing of the kind"}))
    assert await state(db, collection, "consent") == "asked"
    assert await takes(db, mine)
    assert not await takes(db, mine.model_copy(update={"collection_id": uuid4()}))


async def test_C10_after_erasure_an_answer_finds_nobody_and_nothing_is_asked_for(db: Database) -> None:
    collection = await begun(db)
    [answer] = await answers(db, collection, "scheduling")
    assert await takes(db, answer)
    for _ in range(2):
        async with db.begin() as tx:
            await erase_collection(tx, collection, NOW)
    for service in SERVICES:
        [late] = await answers(db, collection, service)
        assert not await takes(db, late)
    assert await db.pool.fetchval("select count(*) from collection_piece where collection_id = $1", collection) == 0
    async with db.begin() as tx:
        assert [row for row in await tables.take_due(tx, 1000) if row.collection_id == collection] == []
    with pytest.raises(Problem, match="wrong_state"):
        await parts(db, collection)


async def test_C10_answers_that_come_at_once_complete_it_once(db: Database) -> None:
    collection = await begun(db)
    coming = [piece for service in SERVICES for piece in await answers(db, collection, service)]
    with completed.woken() as woken:
        assert all(await asyncio.gather(*(takes(db, piece) for piece in coming)))
        assert woken.is_set()
    assert await done(db, collection)


def test_C10_it_is_asked_less_and_less_often_and_never_stops() -> None:
    pauses = [pause_after(asks).total_seconds() for asks in range(2000)]
    assert pauses[0] == FIRST
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST
