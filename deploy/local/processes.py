"""A process of the local stack: started, waited for, killed, stopped; it does not outlive the program that started it.

On Linux the kernel ends it when we die, however we die (`child.py`); elsewhere it is ended at our regular exit.
"""

import atexit
import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.paths import Account
from deploy.local.process_table import descendants, running
from deploy.local.spawn import bound_to_parent, spawn

_POLL = 0.02


@dataclass
class Process:
    """One program and its log; `env` is added to ours. Methods block: from an event loop, use `asyncio.to_thread`."""

    name: str
    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    _popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; RuntimeError before the first start."""
        if self._popen is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Starts it, its output appended to the log; RuntimeError if it runs already."""
        if self.alive:
            raise RuntimeError(f"{self.name} runs already, as process {self.pid}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._popen = spawn(bound_to_parent(self.argv, self.account, self.death_signal), self.env, self.log)
        if sys.platform != "linux":
            atexit.register(self.kill)

    def wait_ready(self, url: str, timeout: float = 30) -> None:
        """Waits until `url` answers 2xx; RuntimeError with the end of its log if it exits or the time is over."""
        self.wait_until(lambda: answers(url), timeout)

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Waits until `ready()`; RuntimeError with the end of its log if it exits or the time is over."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise RuntimeError(f"{self.name} is not running:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} was not ready after {timeout:g} s:\n{self.log_tail()}")
            time.sleep(_POLL)

    def kill(self) -> None:
        """Kills it and all its descendants (SIGKILL) and waits until none is left."""
        if self._popen is None or not self.alive:
            return
        # Stopped first, so that it starts no further child between our look at its children and its death.
        os.kill(self._popen.pid, signal.SIGSTOP)
        tree = [self._popen.pid, *descendants(self._popen.pid)]
        for pid in tree:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._popen.wait()
        while any(running(pid) for pid in tree):
            time.sleep(0.002)

    def stop(self, timeout: float = 10) -> int | None:
        """Asks it to end, kills it after `timeout` seconds; its exit code, None if it was never started."""
        if self._popen is None:
            return None
        if self.alive:
            self._popen.send_signal(self.stop_signal)
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._popen.returncode

    def restart(self) -> None:
        """Stops it if it runs, and starts it again."""
        self.stop()
        self.start()

    def log_tail(self, lines: int = 30) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered 2xx."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    try:
        connection.request("GET", parts._replace(scheme="", netloc="").geturl() or "/")
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
