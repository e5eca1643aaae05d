"""Free loopback ports that no other process of the local stack is given."""

import fcntl
import random
import socket
from typing import TextIO

from deploy.local.paths import home

# Below the ports that Linux (from 32768) and others (from 49152) give to connections going out.
_FIRST, _LAST, _BLOCK = 20_000, 32_000, 50

_locks: list[TextIO] = []
_ours: list[int] = []


def free_ports(n: int) -> list[int]:
    """Returns `n` free ports on 127.0.0.1; they stay ours until this process ends, whether used or not."""
    return [_next_port() for _ in range(n)]


def _next_port() -> int:
    while True:
        if not _ours:
            _ours.extend(_reserve_block())
        port = _ours.pop(0)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _reserve_block() -> range:
    """Locks a block of ports against other processes; the kernel lets go of it when we die."""
    folder = home() / "ports"
    folder.mkdir(exist_ok=True)
    starts = range(_FIRST, _LAST, _BLOCK)
    # Not in order: another checkout does not see our locks.
    for start in random.sample(starts, len(starts)):
        lock = (folder / str(start)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _locks.append(lock)
        return range(start, start + _BLOCK)
    raise RuntimeError(f"no ports left between {_FIRST} and {_LAST}: {len(starts)} processes hold them")
