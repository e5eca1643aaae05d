"""To be written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.db import Connection


async def releases_of(tx: Connection, client_id: UUID, now: datetime, *, hidden: bool) -> Sequence[Any]:
    return []
