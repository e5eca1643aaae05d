"""When something happened to a client in another process: a datagram with the client's id and the machine's monotonic time.

The time is the sender's, taken right after its commit returned; when the datagram is read does not matter.
"""

import asyncio
import os
import socket
import struct
import time
from collections.abc import Collection, Iterable
from typing import Self
from uuid import UUID

ADDRESS = "BENCH_MOMENTS"
"""The environment variable that tells a process where to send."""

COMMITTED = "redaction committed"

_HEAD = struct.Struct("<20sq")
_MOST = 1_000


def now() -> int:
    """Nanoseconds of the machine's monotonic clock, the same for all processes (Linux)."""
    return time.monotonic_ns()


class Sender:
    """Tells of moments, without waiting for anybody."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", int(os.environ[ADDRESS])))

    def tell(self, clients: Iterable[UUID], stage: str = COMMITTED) -> None:
        head = _HEAD.pack(stage.encode(), now())
        ids = b"".join(client.bytes for client in clients)
        for start in range(0, len(ids), 16 * _MOST):
            self._socket.send(head + ids[start : start + 16 * _MOST])


class Moments(asyncio.DatagramProtocol):
    """Collects what is told: the first time of each stage and client, in nanoseconds."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[UUID, int]] = {COMMITTED: {}}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.environment = {ADDRESS: str(self._socket.getsockname()[1])}

    async def __aenter__(self) -> Self:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=self._socket)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        name, at = _HEAD.unpack_from(data)
        stage = self.seen.setdefault(name.rstrip(b"\0").decode(), {})
        for start in range(_HEAD.size, len(data), 16):
            stage.setdefault(UUID(bytes=data[start : start + 16]), at)

    async def all_of(self, clients: Collection[UUID], within: float) -> dict[UUID, int]:
        """When each one's redaction was committed. Raises RuntimeError where one is lost: then there are no figures."""
        committed, until = self.seen[COMMITTED], time.monotonic() + within
        while missing := [client for client in clients if client not in committed]:
            if time.monotonic() > until:
                raise RuntimeError(f"{len(missing)} of {len(clients)} opt-outs were not seen to take effect")
            await asyncio.sleep(0.02)
        return committed
