"""What runs on this machine: a process's descendants, and whether a process still runs."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """A process: its id, its parent's id, its state as one letter."""

    pid: int
    parent: int
    state: str


def running(pid: int) -> bool:
    """Whether a process with this id runs (a zombie does not)."""
    return any(entry.pid == pid and entry.state != "Z" for entry in _entries(f"{pid}"))


def descendants(pid: int) -> list[int]:
    """The ids of all processes below `pid`."""
    children: dict[int, list[int]] = {}
    for entry in _entries("[0-9]*"):
        children.setdefault(entry.parent, []).append(entry.pid)
    found: list[int] = []
    level = children.get(pid, [])
    while level:
        found += level
        level = [below for child in level for below in children.get(child, [])]
    return found


def _entries(pattern: str) -> Iterator[Entry]:
    proc = Path("/proc")
    if not (proc / "self/stat").exists():
        yield from _listed()
        return
    for folder in proc.glob(pattern):
        # The process may have gone since.
        with contextlib.suppress(OSError):
            # The program's name comes second, in brackets, and may hold anything.
            state, parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            yield Entry(int(folder.name), int(parent), state)


def _listed() -> Iterator[Entry]:
    """All processes, where there is no /proc."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,state="], capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines():
        pid, parent, state = line.split()
        yield Entry(int(pid), int(parent), state[0])
