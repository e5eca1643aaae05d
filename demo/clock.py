"""The scheduling service's clock: deadlines run on it, so the demo stops it while months are loaded, and moves it through a week."""

from datetime import datetime

from demo.calling import Caller


async def move_clock(operations: Caller, now: datetime) -> None:
    """From there it goes on by itself. Only the local stack's clocks can be moved."""
    await operations.put("scheduling", "/v1/clock", {"now": now.isoformat()})
