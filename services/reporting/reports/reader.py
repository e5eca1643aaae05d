"""The way to what was published: as a role of the database that can read nothing else (R2)."""

import asyncio

import asyncpg

from common.db import PLANNED_ONCE, Pool
from reporting.release_ledger.tables import READER

LARGEST = 8


async def open_reader(url: str) -> Pool:
    """Every connection is that role from its first moment on, and reads only."""
    settings = {**PLANNED_ONCE, "role": READER, "default_transaction_read_only": "on"}
    return await asyncpg.create_pool(url, min_size=1, max_size=LARGEST, command_timeout=30, server_settings=settings)


async def keep_open(reader: Pool) -> None:
    """As long as the service runs."""
    try:
        await asyncio.Event().wait()
    finally:
        reader.terminate()
