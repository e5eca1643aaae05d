"""What can be done with the ledger as a whole: sign where it stands, verify it, give it to somebody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from common.db import Connection, Pool
from consent.ledger import tables
from consent.ledger.rules import CHECKPOINT, CheckpointRow, Head, Verified
from consent.ledger.seals import digest_of_checkpoint, payload_of, read
from consent.ledger.signing import Signer
from consent.ledger.verification import Row, Verification

YIELD_EVERY = 200
"""Lines. The digests of a whole page would keep an opt-out waiting for ten milliseconds."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Whose journal it is. Its pool is its own: whoever reads all of it takes no connection from a decision."""

    pool: Pool
    source: str
    signer: Signer


class Tampered(Exception):
    """The checkpoints' own head row is gone."""


async def make_checkpoint(ledger: Ledger, now: datetime) -> int | None:
    """Its number; None if nothing moved since the last. It waits for no writer, and none waits for it.

    Raises `asyncpg.SerializationError` where another instance makes one at the same moment, and `Tampered`.
    """
    async with ledger.pool.acquire() as tx, tx.transaction(isolation="repeatable_read"):
        last = await tables.read_checkpoint_head(tx, lock=True)
        if last is None:
            raise Tampered
        heads = await tables.heads(tx)
        if heads == await _heads_of(tx, ledger.signer, last.number, heads):
            return None
        payload = payload_of(ledger.source, last.number + 1, last.digest, now, heads)
        jws = ledger.signer.sign(CHECKPOINT, payload)
        await tables.add_checkpoint(tx, CheckpointRow(last.number + 1, last.digest, jws, now), digest_of_checkpoint(jws))
        return last.number + 1


async def _heads_of(tx: Connection, signer: Signer, number: int, now: Sequence[Head]) -> Sequence[Head]:
    """What a checkpoint states; before the first one every stream stood at its beginning."""
    row = await tables.read_checkpoint(tx, number)
    if row is None:
        return [Head(head.stream, 0, bytes(32)) for head in now] if number == 0 else []
    try:
        return read(signer.verify, row.jws).heads
    except ValueError:  # it was changed: the verification says so, and the next one binds the ledger again
        return []


async def read_latest(ledger: Ledger) -> CheckpointRow | None:
    async with snapshot(ledger.pool) as tx:
        last = await tables.read_checkpoint_head(tx)
        return await tables.read_checkpoint(tx, last.number) if last else None


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """One state of the database however long it is read: no writer raises a false alarm."""
    async with pool.acquire() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        yield tx


async def rows(tx: Connection, source: str) -> AsyncIterator[Row]:
    """Everything, in the order that a verification wants. Others are served meanwhile."""
    for head in await tables.heads(tx):
        yield head
    last = await tables.read_checkpoint_head(tx)
    if last is not None:
        yield last
    async for checkpoints in tables.checkpoints(tx):
        for row in checkpoints:
            await asyncio.sleep(0)  # a signature takes half a millisecond
            yield row
    async for lines in tables.lines(tx, source):
        for number, line in enumerate(lines):
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            yield line


async def verify_ledger(ledger: Ledger, witnesses: Sequence[Head] = (), tokens: Sequence[str] = ()) -> Verified:
    """`witnesses` were asked before this: what they know is in the snapshot then."""
    verification = Verification(ledger.source, ledger.signer.verify, witnesses, tokens)
    async with snapshot(ledger.pool) as tx:
        async for row in rows(tx, ledger.source):
            verification.take(row)
    return verification.finish()
