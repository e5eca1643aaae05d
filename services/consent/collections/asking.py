"""To be written."""

import asyncio

from common.service import Running
from consent.documents.sealing import DocumentKey


async def ask_for_parts(running: Running, key: DocumentKey) -> None:
    await asyncio.Event().wait()
