"""Waiting for something that no event tells of."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(true: Callable[[], Awaitable[bool]], seconds: float, every: float = 0.1) -> bool:
    """Asks again and again; False when the time is over."""
    end = time.monotonic() + seconds
    while not await true():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(every)
    return True
