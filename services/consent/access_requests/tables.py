"""To be written."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.db import Connection


async def downloads_of(tx: Connection, client_id: UUID) -> Sequence[Any]:
    return []
