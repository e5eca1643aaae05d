"""Telling: in the caller's transaction it is noted, and handed to scheduling until that has taken it (delivery.py)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import after_commit
from common.notices import tables
from common.notices.delivery import deliveries
from common.notices.rules import Notice


async def tell(tx: AsyncConnection, notices: Sequence[Notice], now: datetime) -> None:
    """At most once for each recipient and reason."""
    if notices:
        await tables.add(tx, notices, now)
        after_commit(deliveries.wake)


async def withdraw(tx: AsyncConnection, about: UUID) -> None:
    """Whatever of it was not handed over yet is told to nobody: it was answered meanwhile."""
    await tables.remove_about(tx, about)
