"""A ledger with several streams, checkpoints made in between, and what an attacker with full access to the database can do to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from common.cloudevents import Entry, digest_of
from common.db import Connection, Database
from common.journal import FIRST_DIGEST, Journal, stream_of
from consent.ledger.rules import Finding, Head, Verified
from consent.ledger.signing import Signer
from consent.ledger.usecases import Ledger, make_checkpoint, rows
from consent.ledger.verification import Verification
from consent.receipts.rules import RECEIPT_TYPE as RECEIPT
from tests.common.conftest import counted

STREAMS = 4
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GROWTH = ({0: 3, 1: 2, 2: 1}, {0: 5, 1: 2, 2: 3}, {0: 8, 1: 5, 2: 3}, {0: 10, 1: 6, 2: 4})
"""The streams' positions at each of three checkpoints, and at the end. Stream 3 stays empty."""
END = GROWTH[-1] | {3: 0}

Place = tuple[str, int | None, int | None, int | None]


def client_of(stream: int) -> UUID:
    return next(client for client in (UUID(int=n) for n in range(1000)) if stream_of(client, STREAMS) == stream)


@dataclass
class Kept:
    """The ledger of a test."""

    db: Database
    signer: Signer
    journal: Journal = field(default_factory=lambda: Journal("consent", STREAMS))

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.db.pool, "consent", self.signer)

    async def grow(self) -> "Kept":
        """Line by line, with a checkpoint at each stage."""
        at = dict.fromkeys(range(STREAMS), 0)
        for number, target in enumerate(GROWTH):
            for stream, position in target.items():
                async with self.db.begin_event() as tx:
                    for n in range(at[stream], position):
                        await self.journal.append_event(tx, counted(client_of(stream), n))
                at[stream] = position
            if number < 3:
                assert await make_checkpoint(self.ledger, NOON + timedelta(minutes=number)) == number + 1
        return self

    @asynccontextmanager
    async def tampered(self) -> AsyncIterator[Connection]:
        """A transaction that is rolled back: the next attack finds the ledger as it was."""
        async with self.db.pool.acquire() as tx:
            transaction = tx.transaction()
            await transaction.start()
            try:
                yield tx
            finally:
                await transaction.rollback()

    async def verify(self, tx: Connection, witnesses: Sequence[Head] = (), tokens: Sequence[str] = ()) -> Verified:
        verification = Verification("consent", self.signer.verify, witnesses, tokens)
        async for row in rows(tx, "consent"):
            verification.take(row)
        return verification.finish()

    async def after(self, *statements: str) -> list[Place]:
        """What is found after these statements."""
        async with self.tampered() as tx:
            for statement in statements:
                await tx.execute(statement)
            return places((await self.verify(tx)).findings)

    async def lines(self, tx: Connection, stream: int) -> list[Entry]:
        return await self.journal.page(tx, stream, 0, 1000)

    async def rewrite(self, tx: Connection, stream: int, start: int, change: str | None = None) -> None:
        """Computes every digest from a line on anew, the head's as well, after a change of that line."""
        if change:
            await tx.execute(f"update journal set {change} where stream = $1 and position = $2", stream, start)
        digest = FIRST_DIGEST
        for line in await self.lines(tx, stream):
            digest = digest_of(digest, line) if line.position >= start else line.digest
            await tx.execute("update journal set digest = $3 where stream = $1 and position = $2", stream, line.position, digest)
        await tx.execute("update journal_head set position = $2, digest = $3 where stream = $1", stream, line.position, digest)

    async def truncate(self, tx: Connection, stream: int, last: int) -> None:
        """Takes the lines after a position away, and what the head knows of them."""
        await tx.execute("delete from journal where stream = $1 and position > $2", stream, last)
        await tx.execute(
            "update journal_head set (position, digest) = (select position, digest from journal where stream = $1 and position = $2)"
            " where stream = $1",
            stream,
            last,
        )

    async def forget_checkpoints(self, tx: Connection, last: int) -> None:
        await tx.execute("delete from checkpoint where number > $1", last)
        await tx.execute(
            "update checkpoint_head set number = $1, digest = (select sha256(convert_to(jws, 'UTF8')) from checkpoint where number = $1)",
            last,
        )

    async def receipt(self, tx: Connection, stream: int, position: int, **other: Any) -> str:
        line = (await self.lines(tx, stream))[position - 1]
        place = {"stream": stream, "position": position, "digest": line.digest.hex()} | other.pop("ledger", {})
        return self.signer.sign(RECEIPT, {"event_id": str(line.event_id), "ledger": place} | other)

    async def head_of(self, tx: Connection, stream: int, position: int) -> Head:
        return Head(stream, position, (await self.lines(tx, stream))[position - 1].digest)


def places(findings: Sequence[Finding]) -> list[Place]:
    return [(str(f.what), f.stream, f.position, f.checkpoint) for f in findings]
