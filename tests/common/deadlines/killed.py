"""A worker that is to be killed: `python -m tests.common.deadlines.killed URL NOW [stand]`.

It fires what is due; with `stand` it stands still within the transaction, after the effects. It says when its first claims are made.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Database
from common.deadlines.firing import Fired, Firing
from tests.common.deadlines.conftest import Service, effect


async def main(url: str, now: str, *stand: str) -> None:
    async def slow(tx: AsyncConnection, firings: Sequence[Firing], at: datetime) -> Fired:
        fired = await effect(tx, firings, at)
        print("claimed", flush=True)
        await asyncio.sleep(3600 if stand else 0.02)
        return fired

    service = Service(await Database.open(url, 2))
    await service.drain(datetime.fromisoformat(now), service.sweep(actions={"effect": slow}))
    await service.db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
