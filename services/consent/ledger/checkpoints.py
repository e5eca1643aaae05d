"""Signs where the ledger stands, for the life of the process."""

import asyncio
import logging

import asyncpg

from common.clock import Clock
from common.db import DOWN
from consent.ledger.usecases import Ledger, Tampered, make_checkpoint

log = logging.getLogger(__name__)


async def make_checkpoints(ledger: Ledger, clock: Clock, every: float) -> None:
    """One every so many seconds, if anything moved."""
    while True:
        try:
            await make_checkpoint(ledger, clock.now())
        except asyncpg.SerializationError:
            pass  # another instance made it at the same moment
        except DOWN:
            pass
        except (Tampered, asyncpg.UniqueViolationError) as error:
            log.error("the ledger's checkpoints are not as they were left: verify it", extra={"error": type(error).__name__})
        except asyncpg.PostgresError as error:
            log.error("no checkpoint was made", extra={"error": type(error).__name__})
        await asyncio.sleep(every)
