"""The server's side of one HTTP connection, for those who must know when bytes have left.

"Not one byte leaves any more" (invariant 2) is about bytes, so a release is over only when the recipient's TCP has acknowledged
them: the user-space buffer is empty and the kernel's send queue too. While a page is under way the socket lingers for zero seconds: were
this process killed, the kernel would throw away what is still queued instead of delivering it.
"""

import asyncio
import fcntl
import socket
import struct
import termios
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "care-connect.connection"
DROP_WHEN_CLOSED = struct.pack("ii", 1, 0)
DELIVER_WHEN_CLOSED = struct.pack("ii", 0, 0)


class SlowReader(ConnectionError):
    """The recipient did not take its bytes in time; its connection was cut."""


class Connection:
    """Lives as long as the TCP connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._descriptor: int = transport.get_extra_info("socket").fileno()

    def hold(self) -> None:
        """From here on, whatever is not delivered when the connection ends is dropped."""
        self._linger(DROP_WHEN_CLOSED)

    def let_go(self) -> None:
        self._linger(DELIVER_WHEN_CLOSED)

    def cut(self) -> None:
        self._transport.abort()

    def cut_off(self, _cause: object) -> None:
        """As a listener: what the release relied on is gone."""
        self.cut()

    async def delivered(self, within: float) -> None:
        """Waits until the recipient has everything. Raises SlowReader, having cut the connection."""
        until = time.monotonic() + within
        pause = 0.0
        while not self._transport.is_closing() and (self._transport.get_write_buffer_size() or self._queued()):
            if time.monotonic() > until:
                self.cut()
                raise SlowReader("did not take its bytes in time")
            await asyncio.sleep(pause)
            pause = 0.0005
        if self._transport.is_closing():
            raise SlowReader("went away")

    def _linger(self, how: bytes) -> None:
        """By a second handle on the same socket: uvloop's own object takes no options."""
        if not self._transport.is_closing():
            with socket.fromfd(self._descriptor, socket.AF_INET, socket.SOCK_STREAM) as handle:
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)

    def _queued(self) -> int:
        """Bytes that the recipient's TCP has not acknowledged (Linux: SIOCOUTQ)."""
        answer = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, struct.pack("i", 0))
        return int(struct.unpack("i", answer)[0])


class DeliveringProtocol(HttpToolsProtocol):
    """uvicorn's protocol, giving each request its `Connection`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {EXTENSION: Connection(self.transport)}
        self.scope["extensions"] = extensions


def of(scope: Any) -> Connection:
    """Raises KeyError where the server is not ours: then nothing is released."""
    connection: Connection = scope["extensions"][EXTENSION]
    return connection
