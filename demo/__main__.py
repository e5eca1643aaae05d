"""`make demo`: plays the main job from end to end on the real stack, and explains it on the terminal.

Ctrl-C ends it at any moment; what it started ends with it. `STACK=compose` plays on a stack that is up, by `CARE_CONNECT_…`.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from demo.acts import choose, export, load
from demo.asking import ask_for_a_copy
from demo.calling import lanes
from demo.ending import sum_up
from demo.mailing import opt_out_by_mail
from demo.opting_out import opt_in_again, opt_out
from demo.play import Play
from demo.programme import generate
from demo.racing import race_against_downloads
from demo.reporting import report
from demo.seeking import seek_care
from demo.service_levels import judge
from demo.system import System, of_environment, of_stack
from demo.telling import Teller
from deploy.local.infrastructure import Infrastructure
from deploy.local.paths import run_folder
from deploy.local.processes import answers
from deploy.local.stack import SERVICES, Stack

ACTS = (
    load,
    choose,
    judge,
    export,
    opt_out,
    opt_in_again,
    race_against_downloads,
    opt_out_by_mail,
    ask_for_a_copy,
    seek_care,
    report,
    sum_up,
)
SEED, CLIENTS = 2026, 1000
LANES = 24


def main() -> int:
    """0 where everything was as it must be, 1 where something was not, 130 after Ctrl-C."""
    # A polite request to end takes the same way as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked, tell = arguments(), Teller()
    tell.say("[bold]Care Connect[/bold]: a client's choice on sharing governs what leaves, and an opt-out takes effect at once.")
    try:
        with running(tell) as system:
            return asyncio.run(play(system, tell, asked))
    except KeyboardInterrupt:
        tell.say("\nStopped; nothing is left running.")
        return 130


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo ARGS=…", description=__doc__)
    # A stack that is up may have had this programme before.
    seed = SEED if os.environ.get("STACK") != "compose" else int(time.time())
    parser.add_argument("--seed", type=int, default=seed, help="another seed, another programme (%(default)s)")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="how many (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="where the exports and summary.json go (%(default)s)")
    return parser.parse_args()


@contextmanager
def running(tell: Teller) -> Iterator[System]:
    """The stack, started here unless it is up already; stopped at the end."""
    if os.environ.get("STACK") == "compose":
        tell.act("The stack is up already")
        system = of_environment()
        with tell.waiting("services get ready"):
            ready(system)
        yield system
        return
    tell.act("PostgreSQL, Kafka and the four services start")
    began = time.monotonic()
    with ExitStack() as started:
        folder = started.enter_context(run_folder())
        infrastructure = started.enter_context(Infrastructure())
        for name, seconds in infrastructure.timings.items():
            tell.say(f"  {name} answers after {seconds:.1f} s")
        stack = Stack(infrastructure, folder)
        started.callback(stack.stop)
        with tell.waiting("services start"):
            stack.start()
        tell.good(f"Ready to serve in {time.monotonic() - began:.1f} s.")
        yield of_stack(stack)
        stopping = time.monotonic()
    tell.say(f"Everything stopped in {time.monotonic() - stopping:.1f} s.")


def ready(system: System) -> None:
    """`make up` is back before the services serve. Raises RuntimeError where one does not in two minutes."""
    give_up = time.monotonic() + 120
    for service in SERVICES:
        while not answers(f"{system.url(service)}/readyz"):
            if time.monotonic() > give_up:
                raise RuntimeError(f"{service} is not ready: look at its log")
            time.sleep(0.2)


async def play(system: System, tell: Teller, asked: argparse.Namespace) -> int:
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    programme = generate(asked.seed, asked.clients, datetime.now(UTC).replace(microsecond=0))
    async with lanes(LANES) as opened:
        played = Play(system, opened, tell, programme, asked.out)
        for act in ACTS:
            await act(played)
    return 0 if played.holds else 1


if __name__ == "__main__":
    sys.exit(main())
