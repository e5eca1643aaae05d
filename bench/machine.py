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


class Processor:
    """Who used the processor from `with` to its end, in percent of one core. Linux only: elsewhere None.

    Ours are this process and all that it started, the servers too. Interrupts are in no sum: the kernel books our own loopback traffic
    there.
    """

    ours: float | None = None
    foreign: float | None = None
    stolen: float | None = None
    """By the hypervisor."""

    def __enter__(self) -> Self:
        self._at, self._before = time.monotonic(), _look()
        return self

    def __exit__(self, *_: object) -> None:
        took, now = time.monotonic() - self._at, _look()
        if now and self._before:
            everybody, self.stolen, self.ours = (100 * (b - a) / TICKS / took for a, b in zip(self._before, now, strict=True))
            self.foreign = max(0.0, everybody - self.ours)

    def __str__(self) -> str:
        if self.foreign is None:
            return "how much of the processor others used is not known here"
        whole = 100 * (os.cpu_count() or 1)
        return f"of the processor's {whole} % others used {self.foreign:.0f} %, the hypervisor {self.stolen:.0f} %, we {self.ours:.0f} %"


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
