"""Half a year of sending, on the real services, with everything that goes wrong: `python -m tests.simulation --clients 2000`."""

import argparse
import asyncio
import pickle
import sys
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from deploy.local.infrastructure import Infrastructure
from tests.simulation.checking import check
from tests.simulation.driving import play
from tests.simulation.histories import histories
from tests.simulation.instance import BREAK
from tests.simulation.practice import Practice
from tests.simulation.record import Run
from tests.simulation.stops import Kind, faults, stops, windows

COUNTS: dict[Kind, int] = {
    "kill": 20, "kill both": 8, "kill postgres": 4, "kafka away": 3, "scheduling refuses": 2, "scheduling hangs": 1,
    "service away": 10, "cut off": 3,
}  # fmt: skip


def simulated(clients: int, seed: int, hours: float, counts: dict[Kind, int], *, broken: str = "nothing", tell: bool = False) -> Run:
    """With servers of its own, to kill."""
    found = histories(seed, clients)
    wanted = windows(found)
    at = stops(wanted, timedelta(hours=hours))
    disturbances = faults(Random(seed), at, wanted, counts)
    with (
        Infrastructure(stack="embedded") as infrastructure,
        TemporaryDirectory() as folder,
        Practice(infrastructure, Path(folder), broken=broken) as practice,
    ):
        return asyncio.run(play(practice, infrastructure, found, at, disturbances, seed, tell=tell))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hours", type=float, default=6, help="between two stops at most")
    parser.add_argument("--broken", choices=sorted(BREAK), default="nothing", help="a guard to take away, to see the checker go red")
    parser.add_argument("--keep", type=Path, help="a file to keep the run in, to be judged again")
    parser.add_argument("--calm", action="store_true", help="without faults")
    chosen = parser.parse_args()
    counts = {} if chosen.calm else COUNTS
    run = simulated(chosen.clients, chosen.seed, chosen.hours, counts, broken=chosen.broken, tell=True)
    if chosen.keep:
        chosen.keep.write_bytes(pickle.dumps(run))
    print(run.figures)
    found = check(run)
    print("\n\n".join(found[:5]) if found else "every due assessment was sent exactly once, in its window; no exceptions")
    print(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
