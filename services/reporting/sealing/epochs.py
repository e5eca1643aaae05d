"""The keys of the epochs: a file each, in a folder that all instances share and that no backup holds.

An epoch's key wraps the keys of values. Once its file is gone, whatever it wrapped, in whatever dump, stays shut. What overwriting a file
does not promise: an SSD writes elsewhere and erases later, a file system that copies on write or is snapshotted keeps the old block. So the
folder belongs on an encrypted volume of its own without snapshots.
"""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_hex

KEY_BYTES = 32
STARTED = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"\d{8}-\d{8}T\d{6}Z-[0-9a-f]{16}")
_SUFFIX, _UNFINISHED = ".kek", ".new"


def epochs(folder: Path) -> list[str]:
    """Those whose key is there, the newest last."""
    with suppress(FileNotFoundError):
        return sorted(file.stem for file in folder.iterdir() if file.suffix == _SUFFIX and _NAME.fullmatch(file.stem))
    return []


def begun_at(epoch: str) -> datetime:
    return datetime.strptime(epoch.split("-")[1], STARTED).replace(tzinfo=UTC)


def begin_epoch(folder: Path, now: datetime) -> str:
    """By one process at a time. The number orders them even where the clock was put back; the random end keeps those of a folder that was
    lost apart from those of the next. The key is there as a whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = epochs(folder)
    number = int(known[-1].split("-")[0]) + 1 if known else 1
    epoch = f"{number:08d}-{now.astimezone(UTC).strftime(STARTED)}-{token_hex(8)}"
    unfinished = folder / (epoch + _UNFINISHED)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, token_bytes(KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    unfinished.rename(folder / (epoch + _SUFFIX))
    _sync(folder)
    return epoch


def epoch_key(folder: Path, epoch: str) -> bytes | None:
    """None: it is destroyed, or was never here."""
    if not _NAME.fullmatch(epoch):
        return None
    try:
        key = (folder / (epoch + _SUFFIX)).read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == KEY_BYTES else None


def destroy_epoch(folder: Path, epoch: str) -> None:
    """Overwrites the key, then takes the file away. Killed in between, it is done again; nothing where somebody else has done it."""
    file = folder / (epoch + _SUFFIX)
    with suppress(FileNotFoundError):
        with file.open("r+b", buffering=0) as opened:
            opened.write(token_bytes(KEY_BYTES))
            os.fsync(opened.fileno())
        file.unlink()
        _sync(folder)


def sweep(folder: Path) -> None:
    """What a process left that was killed while it began an epoch: nothing was ever wrapped with it."""
    for file in folder.glob(f"*{_UNFINISHED}"):
        file.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
