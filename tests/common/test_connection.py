"""Bytes that were not delivered when a release ended, however it ended, are never delivered (invariant 2)."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

SERVER = """
import asyncio, sys
from common.connection import Connection
async def serve(reader, writer):
    connection = Connection(writer.transport)
    if "hold" in sys.argv:
        connection.hold()
    writer.write(b"x" * 200_000)
    await asyncio.sleep(60)
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def received_after_kill(*arguments: str) -> tuple[int, bool]:
    """How much of 200,000 bytes a recipient gets that begins to read once the sender was killed, and whether it was reset."""
    with subprocess.Popen([sys.executable, "-c", SERVER, *arguments], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(5)
        reader.connect(("127.0.0.1", port))
        first = len(reader.recv(1))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    total = first
    try:
        while chunk := reader.recv(65536):
            total += len(chunk)
    except ConnectionResetError:
        return total, True
    finally:
        reader.close()
    return total, False


def test_what_a_killed_process_had_not_delivered_is_dropped() -> None:
    total, reset = received_after_kill("hold")
    assert reset
    assert total < 100_000


def test_without_the_hold_the_kernel_would_go_on_delivering() -> None:
    """The control: it shows that the test above can fail."""
    total, reset = received_after_kill()
    assert not reset
    assert total > 100_000


@pytest.mark.parametrize("reads", [True, False])
async def test_delivered_waits_for_the_recipients_tcp_and_cuts_off_who_takes_nothing(reads: bool) -> None:
    from common.connection import Connection, SlowReader

    outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(writer.transport)  # type: ignore[arg-type]
        connection.hold()
        writer.write(b"x" * 200_000)
        try:
            await connection.delivered(0.5)
            outcome.set_result("delivered")
        except SlowReader:
            outcome.set_result("cut")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    recipient = socket.socket()
    recipient.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    recipient.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(recipient, server.sockets[0].getsockname())
    total = 0
    while reads and total < 200_000:
        total += len(await loop.sock_recv(recipient, 65536))
    assert await outcome == ("delivered" if reads else "cut")
    recipient.close()
    server.close()
