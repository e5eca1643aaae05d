"""The services' clocks. Deadlines run on scheduling's, so the demo stops it while months are loaded; both are moved through an episode."""

from datetime import datetime

from demo.calling import Caller


async def move_clock(operations: Caller, now: datetime, *services: str) -> None:
    """From there it goes on by itself. Only the local stack's clocks can be moved."""
    for service in services or ("scheduling",):
        await operations.put(service, "/v1/clock", {"now": now.isoformat()})
