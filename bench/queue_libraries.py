"""Job queues that people use on PostgreSQL, installed beside our own packages, only for the bench and as pinned."""

import hashlib
import subprocess
import sys
from pathlib import Path

from deploy.local.paths import home, made_once

PINS = Path(__file__).with_name("pins") / "queues.txt"
"""Written by `uv pip compile --universal --generate-hashes --no-header --no-annotate -c requirements.txt`, of procrastinate,
pgqueuer[asyncpg], psycopg[binary] and uvloop: what we have too is there in our version."""

NAMES = ("procrastinate", "pgqueuer")


def installed() -> Path:
    """The folder for PYTHONPATH, made on the first call from the configured package index, verified by digest."""
    key = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:8]

    def install(folder: Path) -> None:
        print("installing the job queues …", flush=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", sys.executable, "--target", folder, "--require-hashes", "-r", PINS], check=True
        )

    return made_once(home() / "artefacts" / f"queues-{key}", install)


def versions() -> str:
    pinned = dict(line.split(" ")[0].split("==") for line in PINS.read_text().splitlines() if "==" in line)
    return ", ".join(f"{name} {pinned[name]}" for name in NAMES)


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(installed())}
