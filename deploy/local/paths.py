"""Where the embedded stack keeps its things, and the account PostgreSQL runs under.

Everything lives in `.local/` of the checkout (`CARE_CONNECT_LOCAL` names another folder). PostgreSQL refuses to run as
root; started by root it runs as `nobody`, and where that account cannot reach the checkout (a clone under a private
home) its binaries and data live in a folder under the system's temporary folder instead.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Account(NamedTuple):
    """A system account that a server is run under."""

    uid: int
    gid: int


def home() -> Path:
    """The folder of all that the local stack fetches, makes and writes."""
    folder = Path(os.environ.get("CARE_CONNECT_LOCAL") or ROOT / ".local").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def server_account() -> Account | None:
    """The unprivileged account PostgreSQL runs under, None when we are unprivileged ourselves."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def server_home() -> Path:
    """The folder of PostgreSQL's binaries and data: `home()`, or a temporary one where its account cannot get there."""
    folder = home()
    if server_account() is None or all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents)):
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    private = Path(tempfile.gettempdir()) / f"care-connect-{name}"
    private.mkdir(mode=0o711, exist_ok=True)
    found = private.lstat()
    # The name can be guessed, so anybody could have made the folder first.
    if private.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise RuntimeError(f"{private} is not a private folder of ours: remove it or set CARE_CONNECT_LOCAL")
    return private


def give(path: Path, account: Account | None) -> None:
    """Makes `account` the owner of `path` (not of what is in it)."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds `path` as a lock between processes; the kernel lets go of it when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(target: Path, make: Callable[[Path], None]) -> Path:
    """Returns the folder `target`, made by `make(part)` if it is not there: whole or not at all, by one process."""
    if target.exists():
        return target
    with locked(target.with_name(f".{target.name}.lock")):
        if not target.exists():
            part = target.with_name(f".{target.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            make(part)
            part.rename(target)
    return target


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder for one run's data and logs, removed at the end; also removes those whose owner was killed."""
    runs = server_home() / "runs"
    with locked(server_home() / ".runs.lock"):
        runs.mkdir(exist_ok=True)
        for old in runs.iterdir():
            _remove_if_free(old)
        folder = Path(tempfile.mkdtemp(dir=runs))
        folder.chmod(0o755)
        owner = (folder / "owner").open("w")
        fcntl.flock(owner, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        owner.close()


def _remove_if_free(folder: Path) -> None:
    with (folder / "owner").open("a") as owner:
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(folder, ignore_errors=True)
