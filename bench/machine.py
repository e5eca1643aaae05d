"""The machine and the versions that a figure was measured on, and how much of the processor others used meanwhile."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Self

from deploy.local.artefacts import KAFKA_VERSION, POSTGRES_VERSION
from deploy.local.process_table import descendants

PACKAGES = ("fastapi", "uvicorn", "asyncpg", "aiokafka", "uvloop")
TICKS = os.sysconf("SC_CLK_TCK")


class Foreign:
    """The share of the processor that went to processes which are not ours, from `with` to its end. Linux only: elsewhere None.

    Interrupts are in neither sum: the kernel books our own loopback traffic there. What a hypervisor took is told by itself.
    """

    percent: float | None = None
    """Of one core."""
    stolen: float | None = None

    def __enter__(self) -> Self:
        self._at, self._before = time.monotonic(), _look()
        return self

    def __exit__(self, *_: object) -> None:
        took, now = time.monotonic() - self._at, _look()
        if now and self._before:
            all_of_it, stolen, ours = (100 * (b - a) / TICKS / took for a, b in zip(self._before, now, strict=True))
            self.percent, self.stolen = max(0.0, all_of_it - ours), stolen

    def __str__(self) -> str:
        if self.percent is None:
            return "foreign processes: not known here"
        cores = os.cpu_count() or 1
        return f"foreign processes {self.percent:.0f} %, hypervisor {self.stolen:.0f} % (of {100 * cores} %: {cores} cores)"


def _look() -> tuple[int, int, int] | None:
    """Ticks so far: of all processes, stolen, of ours with the children that have ended."""
    if not Path("/proc/stat").exists():
        return None
    user, nice, system, _, _, _, _, steal = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9])
    return user + nice + system, steal, sum(map(_ticks, [os.getpid(), *descendants(os.getpid())]))


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))


def described() -> list[str]:
    """Lines that stand under every table."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {packages}, PostgreSQL {POSTGRES_VERSION} (fsync on), Kafka {KAFKA_VERSION} (one node)",
    ]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
