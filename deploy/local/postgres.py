"""Embedded PostgreSQL 18: one cluster in a folder, on one loopback port.

For the local stack only: whoever can open a loopback connection on this machine is its superuser (`trust`). What it
acknowledges is on the disk (fsync and synchronous_commit stay on).
"""

import ctypes
import shutil
import signal
import subprocess
from pathlib import Path

from deploy.local import databases
from deploy.local.artefacts import POSTGRES_VERSION, Tell, postgres_programs, silent
from deploy.local.paths import give, made_once, server_account, server_home
from deploy.local.processes import Process
from deploy.local.spawn import bound_to_parent

_IPC_RMID = 0

_SETTINGS = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
wal_level = logical
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# Files in the cluster's own folder: a killed server leaves nothing in the system's shared memory.
dynamic_shared_memory_type = mmap
"""


class Postgres:
    """A server with a lifetime. Methods that are not async block: from an event loop, use `asyncio.to_thread`."""

    def __init__(self, folder: Path, port: int) -> None:
        """A cluster in `folder`, made by the first start, kept by later ones; as root, below `server_home()`."""
        self.folder = folder
        self.port = port
        self._data = folder / "data"
        program = postgres_programs(silent) / "bin" / "postgres"
        self.process = Process(
            "PostgreSQL",
            [program, "-D", self._data, "-p", str(port)],
            folder / "postgres.log",
            account=server_account(),
            stop_signal=signal.SIGINT,
            # An immediate shutdown: it takes its own children and shared memory along.
            death_signal=signal.SIGQUIT,
        )

    def start(self, timeout: float = 30) -> None:
        """Starts the server, on the data that is there, and waits until it answers."""
        self.launch()
        self.wait_ready(timeout)

    def launch(self) -> None:
        """Starts the server without waiting for it."""
        if not self._data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / "data.part"
            shutil.rmtree(part, ignore_errors=True)
            subprocess.run(["cp", "-pPR", template() / "data", part], check=True)
            part.rename(self._data)
        (self._data / "postgresql.conf").write_text(_SETTINGS)
        self.process.start()

    def wait_ready(self, timeout: float = 30) -> None:
        """Waits until the server takes connections; recovery after a kill is part of that."""
        self.process.wait_until(self._ready, timeout)

    def kill(self) -> None:
        """Kills the server and all its children (SIGKILL); a later start recovers."""
        self.process.kill()

    def stop(self, timeout: float = 10) -> None:
        """Ends the server by a fast shutdown, by a kill after `timeout` seconds."""
        if self.process.stop(timeout) is not None:
            self._free_segment()

    def restart(self) -> None:
        """Stops the server if it runs, and starts it on the same data and port."""
        self.stop()
        self.start()

    def dsn(self, database: str = "postgres") -> str:
        """The address of `database`, as superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    async def create_database(self, name: str, template: str = "template1") -> None:
        """Makes the database `name`, a copy of `template`."""
        await databases.create_database(self.dsn(), name, template)

    async def drop_database(self, name: str) -> None:
        """Drops the database `name` if it is there, whoever is connected to it."""
        await databases.drop_database(self.dsn(), name)

    def _ready(self) -> bool:
        """Whether the postmaster has written `ready` into its lock file, which is what pg_ctl looks at."""
        return self._lock_file()[7:] == ["ready"]

    def _free_segment(self) -> None:
        """Frees the few bytes of System V shared memory that a killed server's lock file names; a restart would, too."""
        if segment := "".join(self._lock_file()[6:7]):
            ctypes.CDLL(None).shmctl(int(segment.split()[1]), _IPC_RMID, None)

    def _lock_file(self) -> list[str]:
        """The lines of the running server's lock file, or of one that was killed."""
        try:
            lines = [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []
        # One of a run before ours has another process id.
        return lines if lines[:1] == [str(self.process.pid)] else []


def template(tell: Tell = silent) -> Path:
    """The folder whose `data` is a fresh cluster; made once, new clusters are copies of it."""
    initdb = postgres_programs(tell) / "bin" / "initdb"

    def make(folder: Path) -> None:
        tell("initialising postgres", 0, 1)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        give(data, server_account())
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        # The built-in locale sorts alike on every system.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = bound_to_parent([initdb, "-D", data, *options], server_account())
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=data)
        tell("initialising postgres", 1, 1)

    return made_once(server_home() / "templates" / f"postgres-{POSTGRES_VERSION}", make)
