"""Makes the embedded stack ready to start: `python -m deploy.local.fetch`. What is there already is left alone."""

import logging
import sys
import time

from deploy.local.artefacts import Tell
from deploy.local.kafka_prepared import prepared
from deploy.local.postgres import template


def fetch(tell: Tell) -> None:
    """Fetches the programs, makes a cluster and a node to copy from, and Kafka's archive of classes."""
    template(tell)
    prepared(tell)


def plain() -> Tell:
    """Tells a line as each step is done."""
    begun: dict[str, float] = {}

    def tell(what: str, done: int, total: int) -> None:
        start = begun.setdefault(what, time.monotonic())
        if done == total:
            print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)

    return tell


def main() -> None:
    """Fetches with a bar a step on a terminal, with a line a step elsewhere."""
    # It complains while the node in training makes its own topics: nothing to whoever waits here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if not sys.stderr.isatty():
        fetch(plain())
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<32}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        fetch(tell)


if __name__ == "__main__":
    main()
