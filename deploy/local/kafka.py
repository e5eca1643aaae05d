"""Embedded Apache Kafka 4: one KRaft node, broker and controller in one JVM, in a folder and on loopback ports.

What it acknowledges survives a kill of the broker, as with any single broker not a loss of power.
"""

import shutil
from pathlib import Path

from deploy.local.artefacts import kafka_jars, silent
from deploy.local.kafka_node import answers, java_command, write_settings
from deploy.local.kafka_prepared import prepared
from deploy.local.ports import free_ports
from deploy.local.processes import Process


class Kafka:
    """A broker with a lifetime. Its methods block: from an event loop, use `asyncio.to_thread`."""

    def __init__(self, folder: Path, port: int, *, partners: bool = False) -> None:
        """A node that keeps its data in `folder` (made by the first start, kept by later ones); with a listener for partners if wanted."""
        self.folder = folder
        self.port = port
        self._controller_port = free_ports(1)[0]
        self.partners_port = free_ports(1)[0] if partners else None
        # Only errors of the runtime itself: an archive that it cannot use makes a start slower, nothing else.
        options = [f"-XX:AOTCache={prepared(silent) / 'classes.aot'}", "-Xlog:disable", "-Xlog:all=error:stderr"]
        command = java_command(kafka_jars(silent), options, "kafka.Kafka", folder / "server.properties")
        self.process = Process("Kafka", command, folder / "kafka.log")

    @property
    def bootstrap(self) -> str:
        """The address that clients start from."""
        return f"127.0.0.1:{self.port}"

    @property
    def partners(self) -> str:
        """The address that partners start from: they say who they are, and read what is theirs."""
        if self.partners_port is None:
            raise RuntimeError("this broker has no listener for partners")
        return f"127.0.0.1:{self.partners_port}"

    def start(self, timeout: float = 60) -> None:
        """Starts the broker, on the data that is there, and waits until it answers."""
        self.launch()
        self.wait_ready(timeout)

    def launch(self) -> None:
        """Starts the broker without waiting for it."""
        data = self.folder / "data"
        if not data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / "data.part"
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(prepared(silent) / "data", part)
            part.rename(data)
        write_settings(self.folder, self.port, self._controller_port, self.partners_port)
        self.process.start()

    def wait_ready(self, timeout: float = 60) -> None:
        """Waits until the broker answers; recovery after a kill is part of that."""
        self.process.wait_until(lambda: answers(self.port), timeout)

    def kill(self) -> None:
        """Kills the broker (SIGKILL); a later start recovers."""
        self.process.kill()

    def stop(self, timeout: float = 15) -> None:
        """Ends the broker in order, by a kill after `timeout` seconds."""
        self.process.stop(timeout)

    def restart(self) -> None:
        """Stops the broker if it runs, and starts it on the same data and port."""
        self.stop()
        self.start()
