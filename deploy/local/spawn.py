"""Children that die with us: the command that binds them, and the thread that starts them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from queue import SimpleQueue

from deploy.local.paths import Account

_CHILD = Path(__file__).with_name("child.py")

_Popen = subprocess.Popen[bytes]
_Order = tuple[Callable[[], _Popen], Future[_Popen]]


def bound_to_parent(argv: Sequence[str | Path], account: Account | None = None, death_signal: int = signal.SIGKILL) -> list[str]:
    """The command that runs `argv` (an absolute program) under `account`, and ends it by `death_signal` when we die."""
    uid, gid = account or (-1, -1)
    numbers = (os.getpid(), int(death_signal), uid, gid)
    return [sys.executable, "-I", "-S", str(_CHILD), *map(str, numbers), *map(str, argv)]


def spawn(command: Sequence[str], env: Mapping[str, str], log: Path) -> _Popen:
    """Starts `command` in a session of its own (so that Ctrl-C is ours to handle), its output appended to `log`."""

    def start() -> _Popen:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    started: Future[_Popen] = Future()
    _orders().put((start, started))
    return started.result()


@cache
def _orders() -> SimpleQueue[_Order]:
    """The queue of the one thread that starts children: to the kernel a child's parent is the thread that started it,
    so a child started from a pool's thread would die with that thread. This one lives as long as the process.
    """
    orders: SimpleQueue[_Order] = SimpleQueue()

    def serve() -> None:
        while True:
            start, started = orders.get()
            try:
                started.set_result(start())
            except OSError as error:
                started.set_exception(error)

    threading.Thread(target=serve, name="spawn", daemon=True).start()
    return orders
