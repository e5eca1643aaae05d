"""The reporting service with its release gate broken on purpose. `BROKEN_GATE` names the guard that is taken away:

- `freshness`: pages are read under the stream's lock, but nobody asks consent what has been decided. Left standing is what reporting itself
  knows to be shared, so a release begun after an opt-out's acknowledgement holds the client until the event has been applied.
- `lock`: consent is asked, but the page is read and sent without the lock. Left standing are freshness and what reporting knows, so the
  page is right when it is read, and an opt-out becomes effective while it is on its way.
- `nothing`: the gate is whole.

Reporting is slow where that widens the gap: decisions wait before they are applied, pages before they are sent. That the slowness alone
shows nothing is the control: a gate that is whole must stand both.

Run as a script instead of `python -m reporting.app`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from common.applying import Applier
from common.cloudevents import Entry
from reporting.disclosures import tables
from reporting.disclosures.tables import ExportPage
from reporting.release_gate.gate import LOCK_CLASS, Gate, Hold

BROKEN = "BROKEN_GATE"
DECISION_SECONDS = {"freshness": 0.3, "lock": 0, "nothing": 0.3}
PAGE_SECONDS = {"freshness": 0, "lock": 1.5, "nothing": 0.4}

apply, take_page, held = Applier.apply, tables.take_page, Gate.held


async def apply_late(self: Applier, entries: Sequence[Entry], expected: Mapping[int, int], offsets: Mapping[int, int]) -> None:
    if self.subscription.source == "consent":
        await asyncio.sleep(DECISION_SECONDS[os.environ[BROKEN]])
    await apply(self, entries, expected, offsets)


async def take_slowly(hold: Hold, export_id: UUID, part: str, after: int, limit: int, *, by_row: bool = False) -> ExportPage:
    page = await take_page(hold, export_id, part, after, limit, by_row=by_row)
    await asyncio.sleep(PAGE_SECONDS[os.environ[BROKEN]])
    return page


@asynccontextmanager
async def without_freshness(self: Gate, stream: int, recipient_id: UUID) -> AsyncIterator[Hold]:
    async with self._pool.acquire() as tx:
        await tx.execute(f"select pg_advisory_lock_shared({LOCK_CLASS}, {stream})")
        try:
            yield await self._under_contract(tx, stream, 0, recipient_id)
        finally:
            await tx.execute(f"select pg_advisory_unlock_shared({LOCK_CLASS}, {stream})")


@asynccontextmanager
async def without_lock(self: Gate, stream: int, recipient_id: UUID) -> AsyncIterator[Hold]:
    wanted = await self._proven(stream)
    async with self._pool.acquire() as tx:
        yield await self._under_contract(tx, stream, wanted, recipient_id)


HELD: dict[str, object] = {"freshness": without_freshness, "lock": without_lock, "nothing": held}


def break_it(which: str) -> None:
    """Before the app is put together, so that everybody takes the broken pieces."""
    Applier.apply, tables.take_page = apply_late, take_slowly  # type: ignore[method-assign]
    Gate.held = HELD[which]  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    break_it(os.environ[BROKEN])
    from reporting.app import main

    main()
