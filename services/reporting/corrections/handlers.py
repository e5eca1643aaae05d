"""What scheduling tells about corrected clients."""

from collections.abc import Sequence

from common.applying import Received
from common.contracts.corrections import ClientCorrected
from common.db import Connection
from reporting.corrections.usecases import apply_to_clients
from reporting.partner_topics.publisher import Publisher


class CorrectionHandlers:
    """Knows the publisher that has notices to send."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher

    async def on_client_corrected(self, tx: Connection, received: Sequence[Received[ClientCorrected]]) -> None:
        await apply_to_clients(tx, self.publisher, received)
