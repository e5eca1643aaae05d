"""PostgreSQL and Kafka for the local stack and the tests, by one switch: `STACK=embedded`, `containers` or `external`.

embedded: programs fetched into the project's folder, run here (the default). containers: images, by testcontainers.
external: servers that run somewhere, at `CARE_CONNECT_POSTGRES` (a superuser's DSN) and `CARE_CONNECT_KAFKA`.
"""

import os
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import databases
from deploy.local.artefacts import Tell, silent
from deploy.local.kafka import Kafka
from deploy.local.kafka_prepared import prepared
from deploy.local.paths import run_folder
from deploy.local.ports import free_ports
from deploy.local.postgres import Postgres, template


class Infrastructure:
    """The two servers. `start` and `stop` block: from an event loop, use `asyncio.to_thread`."""

    bootstrap: str
    server: str
    postgres: Postgres
    kafka: Kafka

    def __init__(self, folder: Path | None = None, stack: str | None = None) -> None:
        """`folder` keeps an embedded stack's data and logs; without it they go with the stack.

        As root the folder must be below `server_home()`, for PostgreSQL to reach it. `stack` overrides `STACK`.
        """
        self.stack = stack or os.environ.get("STACK") or "embedded"
        self.timings: dict[str, float] = {}
        self._folder = folder
        self._started = ExitStack()

    def start(self, tell: Tell = silent) -> Self:
        """Starts both servers side by side and waits until both answer; tells what has to be fetched or made first."""
        starts = {"embedded": self._start_embedded, "containers": self._start_containers, "external": self._find}
        if self.stack not in starts:
            raise RuntimeError(f"STACK={self.stack} is none of {', '.join(starts)}")
        try:
            starts[self.stack](tell)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stops what `start` started, and removes data that was not to be kept."""
        self._started.close()

    def __enter__(self) -> Self:
        """Starts both servers."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stops both servers."""
        self.stop()

    def dsn(self, database: str = "postgres") -> str:
        """The address of `database`, as superuser."""
        return databases.dsn_of(self.server, database)

    async def create_database(self, name: str, template: str = "template1") -> None:
        """Makes the database `name`, a copy of `template`."""
        await databases.create_database(self.server, name, template)

    async def drop_database(self, name: str) -> None:
        """Drops the database `name` if it is there, whoever is connected to it."""
        await databases.drop_database(self.server, name)

    def addresses(self) -> dict[str, str]:
        """The environment by which another process uses these same servers."""
        return {"STACK": "external", "CARE_CONNECT_POSTGRES": self.server, "CARE_CONNECT_KAFKA": self.bootstrap}

    def _start_embedded(self, tell: Tell) -> None:
        # First, for it to tell; the servers' own calls then find it done.
        template(tell)
        prepared(tell)
        folder = self._folder or self._started.enter_context(run_folder())
        postgres_port, kafka_port = free_ports(2)
        self.postgres = Postgres(folder / "postgres", postgres_port)
        self.kafka = Kafka(folder / "kafka", kafka_port)
        self.server, self.bootstrap = self.postgres.dsn(), self.kafka.bootstrap
        begun = time.monotonic()
        for server in (self.kafka, self.postgres):
            self._started.callback(server.stop)
            server.launch()
        self.postgres.wait_ready()
        self.timings["postgres"] = time.monotonic() - begun
        self.kafka.wait_ready()
        self.timings["kafka"] = time.monotonic() - begun

    def _start_containers(self, tell: Tell) -> None:
        # Imported here: only this stack needs a Docker client.
        from deploy.local.containers import Containers

        begun = time.monotonic()
        containers = Containers()
        self._started.callback(containers.stop)
        containers.start()
        self.server, self.bootstrap = containers.server, containers.bootstrap
        self.timings["containers"] = time.monotonic() - begun

    def _find(self, tell: Tell) -> None:
        try:
            self.server, self.bootstrap = os.environ["CARE_CONNECT_POSTGRES"], os.environ["CARE_CONNECT_KAFKA"]
        except KeyError as missing:
            raise RuntimeError(f"STACK=external needs {missing}") from None
