"""The simulated time of all processes of a run: one number in a file that they share, so that also a restarted one has it at once.

Machines keep one time among them; moving each service's own clock over HTTP would leave a restarted one in another year.
"""

import mmap
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

from common.clock import Clock

SHARED = "SIMULATED_TIME"
"""The variable of the environment that names the file."""
SIZE = 16


class SharedTime:
    """Real time and an offset. `mode` beside it: what the neighbour makes of requests (neighbour.py)."""

    def __init__(self, file: Path, begin: datetime | None = None) -> None:
        """Made to begin at a moment, or that of others."""
        if begin:
            file.write_bytes(struct.pack("d", begin.timestamp() - time.time()).ljust(SIZE, b"\0"))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), SIZE)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + struct.unpack_from("d", self._shared, 0)[0], UTC)

    def move_to(self, now: datetime) -> None:
        """Never back."""
        if now > self.now():
            struct.pack_into("d", self._shared, 0, now.timestamp() - time.time())

    @property
    def mode(self) -> int:
        return self._shared[8]

    @mode.setter
    def mode(self, mode: int) -> None:
        self._shared[8] = mode


def follow(file: str) -> SharedTime:
    """Every `Clock` of this process shows the shared time from here on."""
    shared = SharedTime(Path(file))
    Clock.now = lambda _: shared.now()  # type: ignore[method-assign]
    return shared
