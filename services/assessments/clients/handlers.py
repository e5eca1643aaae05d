"""What scheduling tells about clients."""

from collections.abc import Sequence

from assessments.clients import tables
from common.applying import Received
from common.contracts.scheduling import ClientRegistered
from common.db import Connection


async def on_client_registered(tx: Connection, received: Sequence[Received[ClientRegistered]]) -> None:
    await tables.remember(tx, [r.event for r in received])
