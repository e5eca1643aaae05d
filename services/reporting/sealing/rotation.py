"""The end of an epoch: a new key, everything that survives wrapped under it, the old key destroyed.

It can be killed anywhere. Two epochs are there then, and rows refer to either; whoever comes next goes on.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from common.db import Connection, connect_to_lead
from reporting.sealing import tables
from reporting.sealing.epochs import begin_epoch, begun_at, destroy_epoch, epoch_key, epochs, sweep
from reporting.sealing.tables import Wrapped
from reporting.sealing.wrapping import unwrap, wrap

log = logging.getLogger(__name__)
AT_ONCE = 200
LOOK_EVERY = 1.0
NOBODY = UUID(int=0)


async def rotate(url: str, folder: Path, epoch_hours: float) -> None:
    """One process at a time, by advisory lock; for the life of the process."""
    while True:
        try:
            await _lead(url, folder, epoch_hours)
        except Exception as error:  # the database or the folder is away: keys stay wrapped as they are
            log.error("sealing epochs start again", extra={"error": type(error).__name__})
        await asyncio.sleep(LOOK_EVERY)


async def _lead(url: str, folder: Path, epoch_hours: float) -> None:
    tx = await connect_to_lead(url)
    try:
        await tx.execute("select pg_advisory_lock(hashtext('sealing epochs'))")
        await reconcile(tx, folder)
        while not tx.is_closed():
            await turn(tx, folder, epoch_hours, datetime.now(UTC))
            await asyncio.sleep(LOOK_EVERY)
    finally:
        tx.terminate()


async def reconcile(tx: Connection, folder: Path) -> None:
    """After a start: a backup may have been put back, the folder may be a new one. What cannot be unwrapped any more makes room, so that
    new keys are made; the copies sealed with the old ones stay shut."""
    sweep(folder)
    if ended := await tx.fetchval(tables.DROP_ENDED):
        log.warning("sealing keys of consents that are over were here, and are dropped", extra={"keys": ended})
    if lost := await tx.fetchval(tables.DROP_WITHOUT_EPOCH, epochs(folder)):
        log.error("sealing keys are lost: the key of their epoch is not in the folder", extra={"keys": lost})


async def turn(tx: Connection, folder: Path, epoch_hours: float, now: datetime) -> None:
    """Begins an epoch when the last one is over, and ends those before it."""
    known = epochs(folder)
    if not known or now - begun_at(known[-1]) >= timedelta(hours=epoch_hours):
        await asyncio.to_thread(begin_epoch, folder, now)
        known = epochs(folder)
    for old in known[:-1]:
        await end_epoch(tx, folder, old, known[-1])


async def end_epoch(tx: Connection, folder: Path, old: str, new: str) -> None:
    await _wrap_all(tx, folder, old, new)
    await tx.execute(tables.LOCK_OUT, old)  # who looked before the new one began may be wrapping under the old one
    try:
        while True:
            if not await _wrap_all(tx, folder, old, new):
                break
            await asyncio.sleep(0.05)
        await asyncio.to_thread(destroy_epoch, folder, old)
    finally:
        await tx.execute(tables.LET_IN, old)


async def _wrap_all(tx: Connection, folder: Path, old: str, new: str) -> bool:
    """Whether there was something: a row that was held by somebody is not wrapped yet."""
    found, after = False, NOBODY
    while page := await tables.under(tx, old, after, AT_ONCE):
        await _wrap_page(tx, folder, page, new)
        found, after = True, page[-1].token
    return found


async def _wrap_page(tx: Connection, folder: Path, page: list[Wrapped], new: str) -> None:
    old_key, new_key = epoch_key(folder, page[0].epoch), epoch_key(folder, new)
    assert new_key is not None
    keys = [unwrap(old_key, wrapped) if old_key else None for wrapped in page]
    if lost := [wrapped for wrapped, key in zip(page, keys, strict=True) if key is None]:
        await tables.drop_lost(tx, lost)
        log.error("sealing keys are lost: they cannot be unwrapped", extra={"keys": len(lost)})
    kept = [(wrapped, wrap(new_key, wrapped.token, new, key)) for wrapped, key in zip(page, keys, strict=True) if key]
    await tables.wrap_anew(tx, [old for old, _ in kept], [anew for _, anew in kept], new)
