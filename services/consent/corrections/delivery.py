"""To be written."""

import asyncio

from common.service import Running


async def deliver_corrections(running: Running) -> None:
    await asyncio.Event().wait()
