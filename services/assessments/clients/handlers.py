"""What scheduling tells about clients."""

from collections.abc import Sequence

from assessments.assignments.marking import mark
from assessments.clients import tables
from common.applying import Received
from common.contracts.corrections import ClientCorrected
from common.contracts.scheduling import ClientRegistered
from common.db import Connection


async def on_client_registered(tx: Connection, received: Sequence[Received[ClientRegistered]]) -> None:
    await tables.remember(tx, [r.event for r in received])


async def on_client_corrected(tx: Connection, received: Sequence[Received[ClientCorrected]]) -> None:
    """C10: what is sent in which language, and on which day it falls where the client lives."""
    await tables.correct(tx, [r.event for r in received])
    await mark(tx, [r.event.client_id for r in received if "time_zone" in r.event.changed])
