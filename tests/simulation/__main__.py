"""Half a year of sending, on the real services, with everything that goes wrong: `python -m tests.simulation --clients 2000`."""

import argparse
import pickle
import sys
from pathlib import Path

from tests.simulation.checking import check
from tests.simulation.half_year import ALL, half_year
from tests.simulation.instance import BREAK

SHOWN = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hours", type=float, default=12, help="between two stops at most")
    parser.add_argument("--broken", choices=sorted(BREAK), default="nothing", help="a guard to take away, to see the checker go red")
    parser.add_argument("--keep", type=Path, help="a file to keep the run in, to be judged again")
    parser.add_argument("--calm", action="store_true", help="without faults")
    parser.add_argument("--outage", type=float, default=0, help="days for which the service is away, longer than windows are")
    chosen = parser.parse_args()
    counts = {} if chosen.calm else ALL
    run = half_year(chosen.clients, chosen.seed, chosen.hours, counts, broken=chosen.broken, tell=True, outage=chosen.outage)
    if chosen.keep:
        chosen.keep.write_bytes(pickle.dumps(run))
    found = check(run)
    print(*found[:SHOWN], sep="\n\n")
    print(f"{run.figures}\n{len(found)} clients with something wrong")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
