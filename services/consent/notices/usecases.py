"""What can be done about notices: show, publish, withdraw."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from common.contracts.vocabulary import Programme
from common.db import Database
from common.problems import Problem
from consent.notices import tables
from consent.notices.rules import NoticeText
from consent.notices.shipped import shipped


async def load_shipped_notices(db: Database) -> None:
    """At start. A shipped text that differs from what was shown under its version stops the service: the evidence would be wrong."""
    async with db.begin_event() as tx:
        for notice in shipped():
            await tables.insert(tx, notice)


async def effective_notices(
    db: Database, now: datetime, programme: Programme | None = None, language: str | None = None
) -> Sequence[NoticeText]:
    async with db.pool.acquire() as tx:
        return await tables.effective(tx, now, programme, language)


async def read_notice(db: Database, digest: str) -> NoticeText:
    """Withdrawn ones too: a receipt names them for ever."""
    async with db.pool.acquire() as tx:
        found = await tables.find(tx, digest)
    if found is None:
        raise Problem("not_found", "No such notice.")
    return found


async def publish_notice(db: Database, notice: NoticeText) -> NoticeText:
    """Repeating it changes nothing. Raises Problem where the version has another text already: a text never changes."""
    async with db.pool.acquire() as tx:
        try:
            fresh = await tables.insert(tx, notice)
        except asyncpg.UniqueViolationError as taken:
            raise Problem(
                "already_exists", "This version has another text. A new text is a new version.", field="version", rule="C11"
            ) from taken
        stands = notice if fresh else await tables.find(tx, notice.digest)
    if stands is None or (stands.programme, stands.version, stands.language) != (notice.programme, notice.version, notice.language):
        raise Problem("already_exists", "Another version has this very text: name its version in it.", field="text", rule="C11")
    return stands


async def withdraw_notice(db: Database, digest: str, now: datetime) -> NoticeText:
    async with db.pool.acquire() as tx:
        if not await tables.withdraw(tx, digest, now):
            raise Problem("not_found", "No such notice.")
    return await read_notice(db, digest)
