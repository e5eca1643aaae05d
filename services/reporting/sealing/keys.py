"""One key for each recipient token, wrapped under the key of the epoch, which is a file and stands in no database.

Destroyed with the consent: what was sealed with it, here or with the recipient, stays shut. A dump of the database holds wrapped keys
only, and once the epoch is over nobody can unwrap them.
"""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path
from uuid import UUID

from common.clock import Clock
from common.db import Connection, Database


class Sealer:
    """Knows the folder of the epochs' keys."""

    def __init__(self, folder: Path, epoch_hours: float) -> None:
        self.folder, self.epoch_hours = folder, epoch_hours

    async def keys_of(self, tx: Connection, tokens: Collection[UUID], *, make: bool) -> Mapping[UUID, bytes]:
        """The keys (32 bytes) of those of the tokens that have one; `make`: of all that are open. Under the gate only."""
        raise NotImplementedError

    async def run(self, db: Database, clock: Clock) -> None:
        """Begins a new epoch when the last one is over: wraps all keys anew, and destroys the old epoch's."""
        while True:
            await asyncio.sleep(1)


def seal(key: bytes, token: UUID, plain: bytes) -> str:
    """A compact JWE (RFC 7516): `dir`, `A256GCM`, `kid` is the token."""
    raise NotImplementedError
