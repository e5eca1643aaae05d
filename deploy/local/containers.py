"""PostgreSQL and Kafka as containers of the images that `docker-compose.yml` names, where a Docker engine answers."""

import time
from collections.abc import Callable

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.local import databases, kafka_node
from deploy.local.artefacts import KAFKA_VERSION
from deploy.local.ports import free_ports

_POSTGRES_IMAGE = "postgres:18"
_KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
_POSTGRES_COMMAND = "postgres -c max_connections=300 -c wal_level=logical -c timezone=UTC"
_KAFKA_SETTINGS = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_GROUP_COORDINATOR_APPEND_LINGER_MS": "0",
}


class Containers:
    """The two containers, started together."""

    def __init__(self) -> None:
        """Names the containers' ports; nothing is started."""
        # The helper that removes what a killed run leaves behind needs an image of its own and the engine's socket.
        testcontainers_config.ryuk_disabled = True
        self._postgres_port, self._kafka_port = free_ports(2)
        self._postgres = DockerContainer(_POSTGRES_IMAGE).with_bind_ports(5432, self._postgres_port)
        self._postgres.with_env("POSTGRES_PASSWORD", "postgres").with_command(_POSTGRES_COMMAND)
        self._kafka = DockerContainer(_KAFKA_IMAGE).with_bind_ports(9092, self._kafka_port)
        for name, value in _KAFKA_SETTINGS.items():
            self._kafka.with_env(name, value)
        self._host = self._postgres.get_docker_client().host()
        self._kafka.with_env("KAFKA_ADVERTISED_LISTENERS", f"PLAINTEXT://{self.bootstrap}")

    @property
    def server(self) -> str:
        """The DSN of the superuser."""
        return f"postgresql://postgres:postgres@{self._host}:{self._postgres_port}/postgres"

    @property
    def bootstrap(self) -> str:
        """The address that Kafka's clients start from."""
        return f"{self._host}:{self._kafka_port}"

    def start(self, timeout: float = 120) -> None:
        """Starts both and waits until both answer; RuntimeError if one does not."""
        self._postgres.start()
        self._kafka.start()
        _wait("PostgreSQL", lambda: databases.answers(self._host, self._postgres_port), timeout)
        _wait("Kafka", lambda: kafka_node.answers(self._kafka_port, self._host), timeout)

    def stop(self) -> None:
        """Removes both, with their data."""
        self._postgres.stop()
        self._kafka.stop()


def _wait(name: str, ready: Callable[[], bool], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the container of {name} was not ready after {timeout:g} s")
        time.sleep(0.05)
