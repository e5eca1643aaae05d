"""Telling: in the caller's transaction it is noted, and handed to scheduling until that has taken it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.notices.rules import Notice


async def tell(tx: AsyncConnection, notices: Sequence[Notice], now: datetime) -> None:
    """At most once for each recipient and reason."""
