"""Debezium's PostgreSQL connector with its outbox router, on Kafka Connect standalone, set for a short way.

`poll.interval.ms` is 10 instead of 500: at 1 it takes half a core while nothing happens. The producer does not linger. Rows go out as they
are, with no JSON conversion on the way.
"""

import hashlib
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import artefacts
from deploy.local.artefacts import Pin
from deploy.local.kafka_node import java_command
from deploy.local.paths import home, made_once
from deploy.local.processes import Process

PINS = Path(__file__).with_name("pins") / "debezium.txt"
"""Written by `python -m deploy.local.pin`: the connector, and Connect, its API and Kafka's clients in the version of the broker."""


def worker(bootstrap: str, folder: Path, port: int) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap,
        "listeners": f"http://127.0.0.1:{port}",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "offset.storage.file.filename": folder / "offsets",
        "plugin.discovery": "service_load",
        "producer.linger.ms": 0,
        "producer.acks": "all",
        "producer.enable.idempotence": "true",
    }


def connector(database: str, topic: str) -> dict[str, object]:
    server = urlsplit(database)
    return {
        "name": "outbox",
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": 1,
        "database.hostname": server.hostname,
        "database.port": server.port,
        "database.user": server.username,
        "database.password": server.password or "",
        "database.dbname": server.path.strip("/"),
        "plugin.name": "pgoutput",
        "publication.autocreate.mode": "filtered",
        "table.include.list": "public.outbox",
        "snapshot.mode": "no_data",
        "skipped.operations": "u,d,t",
        "tombstones.on.delete": "false",
        "topic.prefix": "bench",
        "poll.interval.ms": 10,
        "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.route.topic.replacement": topic,
    }


def process(database: str, bootstrap: str, topic: str, port: int, folder: Path) -> Process:
    """The worker with its one connector; it answers on `port`."""
    folder.mkdir(parents=True)
    files = {"worker": worker(bootstrap, folder, port), "connector": connector(database, topic)}
    written = [_written(folder / f"{name}.properties", settings) for name, settings in files.items()]
    command = java_command(jars(), [], "org.apache.kafka.connect.cli.ConnectStandalone", *written)
    return Process("Debezium", command, folder / "connect.log")


def status_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/connectors/outbox/tasks/0/status"


def jars() -> Path:
    """The folder with Connect's and Debezium's programs, fetched on the first call, verified by digest, like the servers'."""
    pins = [Pin(coordinate, int(size), digest) for coordinate, size, digest in map(str.split, PINS.read_text().splitlines())]
    key = hashlib.sha256(PINS.read_bytes()).hexdigest()[:8]

    def fetch(folder: Path) -> None:
        print(f"fetching Debezium ({sum(pin.size for pin in pins) >> 20} MB) …", flush=True)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda pin: artefacts._fetch(pin, folder, lambda _: None), pins))
        shutil.rmtree(folder / "repository")

    return made_once(home() / "artefacts" / f"debezium-{key}", fetch)


def _written(file: Path, settings: Mapping[str, object]) -> Path:
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return file
