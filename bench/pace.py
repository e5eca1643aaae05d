"""An open loop: what is begun does not wait for what was begun before, as people who opt out do not wait for each other."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def at_pace(per_second: float, seed: int, items: Sequence[T], begin: Callable[[T], Awaitable[None]]) -> None:
    """Begins with each item at its time and waits for all.

    The gaps vary by half, alike for everybody with the same seed: at even gaps a relay that polls would be met at the same moment of
    its turn each time.
    """
    gaps, clock = random.Random(seed), asyncio.get_running_loop().time
    due = clock()
    begun: list[asyncio.Future[None]] = []
    for item in items:
        due += gaps.uniform(0.5, 1.5) / per_second
        await asyncio.sleep(max(0.0, due - clock()))
        begun.append(asyncio.ensure_future(begin(item)))
    await asyncio.gather(*begun)
