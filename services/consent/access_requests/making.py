"""Makes the copy once everything is collected, and erases it when it was kept for its time."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from common.clock import Clock
from common.contracts.access import AccessCopyErased, AccessProvided
from common.contracts.privacy import Part
from common.db import DOWN
from common.notices.rules import Notice
from common.notices.usecases import tell
from common.problems import Problem
from consent.access_requests import tables
from consent.access_requests.rules import AccessRequest, State
from consent.access_requests.tables import Line
from consent.access_requests.usecases import Counter, bound_to, stop_clock
from consent.accounting.reporting import Reporting
from consent.accounting.usecases import accounting_of
from consent.bundles.composing import About, compose, zipped
from consent.collections.usecases import completed, erase_collection, read_parts, status_of
from consent.documents.sealing import DocumentKey, Sealed
from consent.receipts.rules import Controller

log = logging.getLogger(__name__)
LOOK_EVERY, AT_ONCE = 1.0, 4


@dataclass(frozen=True, slots=True)
class Maker:
    """`kept`: how long a copy can be taken."""

    counter: Counter
    reporting: Reporting
    controller: Controller
    kept: timedelta


@dataclass(frozen=True, slots=True)
class Copy:
    """The archive, sealed. `size` in bytes."""

    sealed: Sealed
    size: int


async def make_copies(maker: Maker, clock: Clock) -> None:
    """For the life of the process."""
    async for _ in completed.rounds(LOOK_EVERY):
        with contextlib.suppress(*DOWN):
            async with maker.counter.db.begin() as tx:
                due = await tables.take_complete(tx, AT_ONCE)
            for request_id in due:
                await _try(maker, request_id, clock)
            await erase_copies(maker.counter, clock.now())


async def _try(maker: Maker, request_id: UUID, clock: Clock) -> None:
    try:
        await make_copy(maker, request_id, clock.now())
    except DOWN:
        raise
    except Problem as problem:  # reporting is away: its turn comes again
        log.warning("a copy waits", extra={"request": str(request_id), "code": problem.code})
    except Exception as error:  # one copy must not hold up the others
        log.error("a copy could not be made", extra={"request": str(request_id)}, exc_info=error)


async def make_copy(maker: Maker, request_id: UUID, now: datetime) -> None:
    """Raises Problem where reporting is away: a copy without a whole accounting is none."""
    counter = maker.counter
    async with counter.db.begin() as tx:
        request = await tables.find(tx, request_id)
        if request is None or request.state is not State.COLLECTING or request.collection_id is None:
            return
        parts = await read_parts(tx, counter.key, request.collection_id)
        came = [part.collected_at for part in await status_of(tx, request.collection_id) if part.collected_at]
    entries = await accounting_of(counter.db, maker.reporting, request.client_id, now)
    about = About(request_id, request.client_id, request.asked_at, max(came), maker.controller.name, maker.controller.contact)
    disclosures = [entry.model_dump(mode="json") for entry in entries]
    copy = await asyncio.to_thread(_made, counter.key, about, parts, disclosures, request.language)
    await _give(maker, request_id, copy, now)


def _made(key: DocumentKey, about: About, parts: Sequence[Part], disclosures: Sequence[dict[str, Any]], language: str) -> Copy:
    archive = zipped(compose(about, parts, disclosures, language))
    return Copy(key.seal(archive, bound_to(about.request_id)), len(archive))


async def _give(maker: Maker, request_id: UUID, copy: Copy, now: datetime) -> None:
    """Not where it was refused or withdrawn meanwhile, or another instance was first."""
    counter, digest, expires_at = maker.counter, copy.sealed.digest, now + maker.kept
    async with counter.db.begin() as tx:
        request = await tables.find(tx, request_id, lock=True)
        if request is None or request.state is not State.COLLECTING:
            return
        await tables.keep_bundle(tx, request_id, copy.sealed)
        await tables.change(tx, request_id, state=State.READY, ready_at=now, expires_at=expires_at, digest=digest, size=copy.size)
        await tables.note(tx, request, Line("ready", now, detail=digest))
        events = await stop_clock(tx, request, now)
        reason = f"access_ready_client:{request_id}"
        ready = Notice("client", request.client_id, "access_ready_client", reason, request_id, expires_at, not_after=expires_at)
        await tell(tx, [ready], now)
        provided = AccessProvided(occurred_at=now, case_id=request_id, digest=digest, expires_at=expires_at)
        await counter.journal.append(tx, provided, *events)


async def erase_copies(counter: Counter, now: datetime) -> None:
    """With what was collected for them; what is on a topic or in a backup opens for nobody any more."""
    async with counter.db.begin() as tx:
        for request in await tables.take_expired(tx, now, AT_ONCE):
            await _erase(tx, counter, request, now)


async def _erase(tx: Any, counter: Counter, request: AccessRequest, now: datetime) -> None:
    await tables.erase_bundle(tx, request.request_id)
    if request.collection_id:
        await erase_collection(tx, request.collection_id, now)
    await tables.change(tx, request.request_id, state=State.EXPIRED, closed_at=now)
    await tables.note(tx, request, Line("erased", now))
    await counter.journal.append(tx, AccessCopyErased(occurred_at=now, case_id=request.request_id))
