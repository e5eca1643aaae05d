"""One key for each recipient token, wrapped under the key of the epoch, which is a file and stands in no database.

Destroyed with the consent: what was sealed with it, here or with the recipient, stays shut. A dump of the database holds wrapped keys
only, and once the epoch is over nobody can unwrap them.
"""

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path
from uuid import UUID

from common.clock import Clock
from common.db import Connection, Database
from common.problems import Problem
from reporting.sealing import rotation, tables
from reporting.sealing.epochs import epoch_key, epochs
from reporting.sealing.wrapping import new_key, unwrapped, wrap

TRIES = 5
PAUSE = 0.02
"""Seconds. Between two tries an epoch may have ended: its keys are wrapped anew by then."""


class Sealer:
    """Knows the folder of the epochs' keys, and keeps no key: what is destroyed must be gone from every process at that moment, and
    another process cannot be told to forget. Reading one costs a statement and a small file a page."""

    def __init__(self, folder: Path, epoch_hours: float) -> None:
        self.folder, self.epoch_hours = folder, epoch_hours

    async def keys_of(self, tx: Connection, tokens: Collection[UUID], *, make: bool) -> dict[UUID, bytes]:
        """The keys (32 bytes) of those of the tokens that are open and have one; with `make`, of all that are open.

        Under the gate only: its lock is what keeps a consent from ending between the look and the use. Raises Problem
        (`temporarily_unavailable`) where a key is there and cannot be unwrapped.
        """
        for _ in range(TRIES):
            keys = unwrapped(self.folder, await tables.of_tokens(tx, tokens))
            if make and (missing := sorted(set(tokens) - keys.keys())):
                await self._make(tx, missing)
                keys = unwrapped(self.folder, await tables.of_tokens(tx, tokens))
            if None not in keys.values():
                return {token: key for token, key in keys.items() if key is not None}
            await asyncio.sleep(PAUSE)
        raise Problem("temporarily_unavailable", "A key of sealed values cannot be read now. Try again.", headers={"retry-after": "5"})

    async def _make(self, tx: Connection, tokens: Iterable[UUID]) -> None:
        async with tx.transaction():
            epoch, kek = await self._newest(tx)
            await tables.keep(tx, [wrap(kek, token, epoch, new_key()) for token in tokens])

    async def _newest(self, tx: Connection) -> tuple[str, bytes]:
        """Looks once more under the lock: the epoch may have ended meanwhile, and what is wrapped under a destroyed key is lost."""
        for _ in range(TRIES):
            if known := epochs(self.folder):
                await tx.execute(tables.LOCK_IN, known[-1])
                if (kek := epoch_key(self.folder, known[-1])) is not None:
                    return known[-1], kek
            await asyncio.sleep(PAUSE)
        raise Problem("temporarily_unavailable", "No sealing epoch has begun yet. Try again.", headers={"retry-after": "1"})

    async def run(self, db: Database, _: Clock) -> None:
        """For the life of the process. Epochs are of the machine's own time, not of a simulated clock's: files and backups are."""
        await rotation.rotate(db.url, self.folder, self.epoch_hours)
