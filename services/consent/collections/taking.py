"""Takes what the services answer."""

import logging
from collections.abc import Sequence

from pydantic import ValidationError

from common.contracts.privacy import ANSWERS_TOPIC, PartCollected
from common.holdings.listening import listen
from common.running import Running
from consent.collections.usecases import take_piece
from consent.documents.sealing import DocumentKey

log = logging.getLogger(__name__)


async def take_parts(running: Running, key: DocumentKey) -> None:
    """For the life of the process. A piece a transaction: the first whole answer of a service counts."""

    async def take(values: Sequence[bytes]) -> None:
        for value in values:
            try:
                answer = PartCollected.model_validate_json(value)
            except ValidationError:
                log.error("no part of a collection")
                continue
            async with running.db.begin() as tx:
                await take_piece(tx, key, answer, running.clock.now())

    await listen(running, ANSWERS_TOPIC, "consent", take)
