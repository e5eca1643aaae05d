"""Kafka's own command-line tools on the Java runtime from the wheel, under the names that they have in Kafka's download."""

from pathlib import Path
from shlex import quote

from deploy.local.artefacts import fetched, kafka_jars, silent
from deploy.local.kafka_node import java_command
from deploy.local.kafka_prepared import prepared

TOOLS = {
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
}


def write_tools(folder: Path) -> Path:
    """Writes `folder/bin/kafka-….sh`; answers `folder`, a Kafka home. Fetches the tools' jar on the first call."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (tools,) = fetched("kafka-tools", silent).glob("*.jar")
    # The archive of classes that the broker was started with once: a tool starts in half the time. It bears jars that come after.
    options = [f"-XX:AOTCache={prepared(silent) / 'classes.aot'}", "-Xlog:disable", "-Xlog:all=error:stderr"]
    for name, main_class in TOOLS.items():
        command = java_command(kafka_jars(silent), options, main_class)
        command[command.index("-cp") + 1] = f"{command[command.index('-cp') + 1]}:{tools}"
        script = folder / "bin" / f"{name}.sh"
        script.write_text(f'#!/bin/sh\nexec {" ".join(quote(str(word)) for word in command)} "$@"\n')
        script.chmod(0o755)
    return folder
