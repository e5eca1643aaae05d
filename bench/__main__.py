"""`python -m bench [PART …] [--quick]` writes `bench/out/`; `--help` names the parts.

Without a name it leaves out `stages`, which tells where the time of our own opt-out goes, and `deadlines`, which takes long.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench import (
    booking,
    consumer,
    deadlines,
    decisions,
    directory,
    export_stream,
    journal,
    optout,
    ours,
    redaction,
    release_ledger,
    report_page,
    responses,
    rollups,
    sending,
    stages,
)
from bench.moments import Moments
from deploy.local.infrastructure import Infrastructure
from deploy.local.ports import free_ports
from deploy.local.processes import Process
from deploy.local.stack import Stack


@contextmanager
def _stack(infrastructure: Infrastructure, folder: Path) -> Iterator[Stack]:
    with Stack(infrastructure, folder, name="bench") as stack:
        try:
            yield stack
        except BaseException:
            for process in stack.processes.values():
                print(f"--- {process.name}\n{process.log_tail(10)}", file=sys.stderr)
            raise


def _optout(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    moments, (port,) = Moments(), free_ports(1)
    bare = Process("floor", [sys.executable, "-m", "bench.floor_app", str(port)], folder / "floor.log")
    with _stack(infrastructure, folder / "stack") as stack:
        ours.observe(stack, moments)
        bare.start()
        try:
            url = f"http://127.0.0.1:{port}"
            bare.wait_ready(f"{url}/livez")
            uvloop.run(optout.run(infrastructure, stack, moments, url, folder, optout.QUICK if quick else optout.Plan()))
        finally:
            bare.stop()


def _stages(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    moments = Moments()
    with _stack(infrastructure, folder / "stages") as stack:
        ours.observe(stack, moments, ("consent", "reporting"), "stages")
        uvloop.run(stages.measure(stack, moments, quick))


def _journal(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(journal.run(infrastructure, quick))


def _consumer(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(consumer.run(infrastructure, quick))


def _redaction(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    with _stack(infrastructure, folder / "stack") as stack:
        uvloop.run(redaction.run(infrastructure, stack, quick))


def _export_stream(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    with _stack(infrastructure, folder / "stack") as stack:
        uvloop.run(export_stream.run(stack, quick))


def _decisions(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    moments = Moments()
    with _stack(infrastructure, folder / "stack") as stack:
        ours.observe(stack, moments)
        uvloop.run(decisions.run(infrastructure, stack, moments, folder, decisions.QUICK if quick else decisions.Plan()))


def _deadlines(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    uvloop.run(deadlines.run(infrastructure, folder, deadlines.QUICK if quick else deadlines.Plan()))


def _booking(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(booking.run(infrastructure, quick))


def _directory(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(directory.run(infrastructure, quick))


def _responses(infrastructure: Infrastructure, folder: Path, quick: bool) -> None:
    with _stack(infrastructure, folder / "stack") as stack:
        uvloop.run(responses.run(infrastructure, stack, folder, responses.QUICK if quick else responses.Plan()))


def _sending(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(sending.run(infrastructure, quick))


def _rollups(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(rollups.run(infrastructure, quick))


def _report_page(infrastructure: Infrastructure, _: Path, quick: bool) -> None:
    uvloop.run(report_page.run(infrastructure, quick))


def _release_ledger(_: Infrastructure, __: Path, quick: bool) -> None:
    release_ledger.run(quick)


PARTS: dict[str, Callable[[Infrastructure, Path, bool], None]] = {
    "optout": _optout,
    "journal": _journal,
    "consumer": _consumer,
    "redaction": _redaction,
    "export_stream": _export_stream,
    "decisions": _decisions,
    "stages": _stages,
    "deadlines": _deadlines,
    "booking": _booking,
    "directory": _directory,
    "responses": _responses,
    "sending": _sending,
    "release_ledger": _release_ledger,
    "rollups": _rollups,
    "report_page": _report_page,
}
ASKED_FOR_ONLY = ("stages", "deadlines", "release_ledger")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all but stages and deadlines by default")
    parser.add_argument("--quick", action="store_true", help="small counts: whether it runs, not how fast it is")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for part in asked.parts or [name for name in PARTS if name not in ASKED_FOR_ONLY]:
        with tempfile.TemporaryDirectory() as folder, Infrastructure() as infrastructure:
            PARTS[part](infrastructure, Path(folder), asked.quick)


if __name__ == "__main__":
    main()
