"""One run from its seed to its record, with servers of its own to kill."""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from deploy.local.infrastructure import Infrastructure
from tests.simulation.driving import play
from tests.simulation.histories import histories
from tests.simulation.practice import Practice
from tests.simulation.record import Run
from tests.simulation.stops import Fault, Kind, faults, stops, windows

ALL: Mapping[Kind, int] = {
    "kill": 8, "kill both": 6, "kill postgres": 3, "kafka away": 2, "scheduling refuses": 2, "scheduling hangs": 1,
    "service away": 4, "cut off": 2,
}  # fmt: skip


def half_year(
    clients: int, seed: int, hours: float, counts: Mapping[Kind, int], *, broken: str = "nothing", tell: bool = False, outage: float = 0
) -> Run:
    """`hours`: between two stops at most. `outage`: days in the middle in which the service is away, longer than windows are."""
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)  # its pool tells at length that a killed server is away
    found = histories(seed, clients)
    wanted = windows(found)
    at = stops(wanted, timedelta(hours=hours))
    disturbances = faults(Random(seed), at, wanted, counts)
    if outage:
        middle = len(at) // 2
        disturbances.append(Fault("service away", middle, bisect_left(at, at[middle] + timedelta(days=outage))))
    with (
        Infrastructure(stack="embedded") as infrastructure,
        TemporaryDirectory() as folder,
        Practice(infrastructure, Path(folder), broken=broken) as practice,
    ):
        return asyncio.run(play(practice, infrastructure, found, at, disturbances, seed, tell=tell))
