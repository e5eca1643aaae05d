"""How new our knowledge of consent must be before anything individual leaves: consent's vector of heads, asked anew for every release.

Concurrent gates share one look-up, but only one that started after each of them did: an older answer could miss an opt-out
acknowledged in between.
"""

import asyncio

from common.owner import Owner


class Freshness:
    """Coalesces the look-ups of one process."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._next: asyncio.Task[dict[int, int]] | None = None
        self._running: asyncio.Task[dict[int, int]] | None = None

    async def heads(self) -> dict[int, int]:
        """Raises httpx.HTTPError when consent cannot be asked."""
        if self._next is None:
            self._next = asyncio.create_task(self._look_up(self._running))
        return await asyncio.shield(self._next)

    async def _look_up(self, before: asyncio.Task[dict[int, int]] | None) -> dict[int, int]:
        if before is not None:
            await asyncio.wait([before])
        # From here on whoever comes waits for the look-up after this one.
        self._running, self._next = self._next, None
        return await self._owner.heads()
