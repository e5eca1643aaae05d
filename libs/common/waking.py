"""Wakes the workers of this process when there is something to do; those of other instances look by themselves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator


class Waking:
    """One kind of work, for the life of the process."""

    def __init__(self) -> None:
        self._workers: set[asyncio.Event] = set()

    def wake(self) -> None:
        for worker in self._workers:
            worker.set()

    @contextlib.contextmanager
    def woken(self) -> Iterator[asyncio.Event]:
        """Set whenever there may be something to do, for as long as the block runs."""
        event = asyncio.Event()
        self._workers.add(event)
        try:
            yield event
        finally:
            self._workers.discard(event)

    async def rounds(self, seconds: float) -> AsyncIterator[None]:
        """One round whenever there may be something to do, and each so many seconds."""
        with self.woken() as event:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await event.wait()
                event.clear()
                yield
