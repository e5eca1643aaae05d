"""The embedded stack itself: what it acknowledged survives a kill, and nothing of it survives its end or ours."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.infrastructure import Infrastructure
from deploy.local.paths import ROOT, run_folder
from deploy.local.ports import free_ports
from deploy.local.postgres import Postgres
from deploy.local.process_table import descendants, running
from deploy.local.processes import Process

_SEGMENTS = Path("/proc/sysvipc/shm")

pytestmark = pytest.mark.timeout(90)


@pytest.fixture(scope="module")
def stack() -> Iterator[Infrastructure]:
    """A stack of our own, to kill."""
    with Infrastructure(stack="embedded") as infrastructure:
        yield infrastructure


async def test_a_row_committed_before_a_kill_of_postgres_is_there_after_it(stack: Infrastructure) -> None:
    connection = await asyncpg.connect(stack.dsn())
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.execute("INSERT INTO kept VALUES (7)")
    await asyncio.to_thread(stack.postgres.kill)
    connection.terminate()
    assert not stack.postgres.process.alive

    await asyncio.to_thread(stack.postgres.start)

    again = await asyncpg.connect(stack.dsn())
    assert await again.fetchval("SELECT n FROM kept") == 7
    await again.close()


async def test_postgres_promises_what_the_product_relies_on(stack: Infrastructure) -> None:
    connection = await asyncpg.connect(stack.dsn())
    settings = {row["name"]: row["setting"] for row in await connection.fetch("SELECT name, setting FROM pg_settings")}
    await connection.close()
    assert settings["server_version"].startswith("18.")
    assert (settings["fsync"], settings["synchronous_commit"], settings["wal_level"]) == ("on", "on", "logical")
    assert (settings["listen_addresses"], settings["TimeZone"]) == ("127.0.0.1", "UTC")


async def test_a_database_is_copied_from_a_template_and_dropped_under_its_users(stack: Infrastructure) -> None:
    await stack.create_database("original")
    connection = await asyncpg.connect(stack.dsn("original"))
    await connection.execute("CREATE TABLE t (n int)")
    await connection.close()

    await stack.create_database("copy", template="original")

    user = await asyncpg.connect(stack.dsn("copy"))
    assert await user.fetchval("SELECT count(*) FROM t") == 0
    await stack.drop_database("copy")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(stack.dsn("copy"))


async def test_a_message_acknowledged_before_a_kill_of_kafka_is_there_after_it(stack: Infrastructure) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap, acks="all")
    await producer.start()
    await producer.send_and_wait("kept", b"value", key=b"key")
    await producer.stop()
    await asyncio.to_thread(stack.kafka.kill)
    assert not stack.kafka.process.alive

    await asyncio.to_thread(stack.kafka.start)

    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap)
    await consumer.start()
    consumer.assign([TopicPartition("kept", 0)])
    await consumer.seek_to_beginning()
    message = await asyncio.wait_for(consumer.getone(), 10)
    await consumer.stop()
    assert (message.key, message.value) == (b"key", b"value")


def test_after_a_stop_no_process_port_or_file_is_left() -> None:
    infrastructure = Infrastructure(stack="embedded").start()
    folder = infrastructure.postgres.folder.parent
    ports = (infrastructure.postgres.port, infrastructure.kafka.port)
    pids = [pid for top in (infrastructure.postgres, infrastructure.kafka) for pid in _tree(top.process.pid)]
    assert all(map(running, pids)) and all(map(_listening, ports))

    infrastructure.stop()

    assert not any(map(running, pids)) and not any(map(_listening, ports))
    assert not folder.exists()


@pytest.mark.skipif(not _SEGMENTS.exists(), reason="shared memory is listed on Linux only")
def test_a_killed_postgres_that_is_not_started_again_leaves_no_shared_memory() -> None:
    with run_folder() as folder:
        postgres = Postgres(folder / "postgres", *free_ports(1))
        postgres.start()
        postgres.kill()
        assert postgres.process.pid in _makers_of_segments()

        postgres.stop()

    assert postgres.process.pid not in _makers_of_segments()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does this on Linux only")
def test_when_its_parent_is_killed_the_whole_stack_dies() -> None:
    program = """
import threading, time
from deploy.local.infrastructure import Infrastructure
stack = Infrastructure(stack="embedded")
starter = threading.Thread(target=stack.start)  # which ends: its children must not end with it
starter.start(); starter.join()
print(stack.postgres.process.pid, stack.kafka.process.pid, stack.postgres.port, stack.kafka.port, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert parent.stdout is not None
    *tops, postgres_port, kafka_port = map(int, parent.stdout.readline().split())
    pids = [pid for top in tops for pid in _tree(top)]
    assert all(map(running, pids))

    parent.kill()
    parent.wait()

    # The ports last: a process is called dead while its last threads still hold them.
    _eventually(lambda: not any(map(running, pids)))
    _eventually(lambda: not _listening(postgres_port) and not _listening(kafka_port))
    parent.stdout.close()


def test_a_process_is_ready_when_it_answers_and_gone_when_it_is_stopped(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    server = Process("files", argv, tmp_path / "log")
    server.start()
    server.wait_ready(f"http://127.0.0.1:{port}/")
    first = server.pid

    server.restart()
    server.wait_ready(f"http://127.0.0.1:{port}/")
    assert server.pid != first and not running(first)

    assert server.stop() == -signal.SIGTERM
    assert not server.alive and not _listening(port)


def test_a_kill_takes_the_children_along(tmp_path: Path) -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    process = Process("family", [sys.executable, "-c", script], tmp_path / "log")
    process.start()
    _eventually(lambda: len(descendants(process.pid)) == 1)
    pids = _tree(process.pid)

    process.kill()

    assert not any(map(running, pids))


def test_a_process_that_ends_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    process = Process("broken", [sys.executable, "-c", "raise SystemExit('no such setting')"], tmp_path / "log")
    process.start()
    with pytest.raises(RuntimeError, match="no such setting"):
        process.wait_ready("http://127.0.0.1:1/")


def test_two_workers_get_different_ports() -> None:
    command = [sys.executable, "-c", "from deploy.local.ports import free_ports; print(free_ports(60)); input()"]
    workers = [subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    first, second = (_line_of(worker) for worker in workers)
    for worker in workers:
        worker.communicate("\n")
    assert len(set(first)) == 60
    assert not set(first) & set(second)


def _line_of(worker: subprocess.Popen[str]) -> list[int]:
    assert worker.stdout is not None
    return [int(port) for port in worker.stdout.readline().strip("[]\n").split(",")]


def _makers_of_segments() -> set[int]:
    """The processes that made the System V shared memory that is there: the fifth column."""
    return {int(line.split()[4]) for line in _SEGMENTS.read_text().splitlines()[1:]}


def _tree(pid: int) -> list[int]:
    return [pid, *descendants(pid)]


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _eventually(holds: Callable[[], bool], timeout: float = 10) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"process {os.getpid()} waited in vain"
        time.sleep(0.02)
