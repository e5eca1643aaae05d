"""A black-box recorder: asks real processes over HTTP and notes, by CLOCK_MONOTONIC, what was sent and what arrived when.

A release promises that once an opt-out is answered as effective, every byte handed over had been acknowledged by the recipient's TCP.
So a late *reading* must not count as a late *sending*: when an answer is there, we ask the kernel how much each other connection holds
unread (FIONREAD) and note that as received, and only then the answer gets its time. A byte that this does not cover came later.
"""

import asyncio
import fcntl
import struct
import sys
import termios
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from demo.history import Outcome

CONNECT_SECONDS = 3
END_OF_HEAD = b"\r\n\r\n"
Mark = tuple[int, int]


@dataclass
class Answer:
    """What came back for one request. `status` is 0 where nothing did."""

    sent: int
    """Just before the request was written."""
    done: int = 0
    """When its last byte was read, or nothing more was to come."""
    status: int = 0
    whole: bool = False
    """It came to its end."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: Sequence[Mark] = ()
    """Where each chunk ends in the body, and how far its bytes are from their place among all that was received."""
    marks: Sequence[Mark] = ()
    """So many bytes were there by that time. Both ascend."""
    refused: bool = False
    """No connection was had: nothing was sent."""

    @property
    def outcome(self) -> Outcome:
        if self.whole and 200 <= self.status < 300:
            return Outcome.OK
        return Outcome.FAIL if self.refused or (self.whole and 400 <= self.status < 500) else Outcome.UNKNOWN

    def received_at(self, end: int) -> int:
        """By when we had the first `end` bytes of the body."""
        shift = self.chunks[bisect_left(self.chunks, end, key=lambda chunk: chunk[0])][1]
        return self.marks[bisect_left(self.marks, end + shift, key=lambda mark: mark[0])][1]


class Wire(asyncio.Protocol):
    """One connection for one request. It never stops reading; what was read is understood afterwards."""

    def __init__(self, recorder: "Recorder") -> None:
        self.recorder = recorder
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.raw = bytearray()
        self.marks: list[Mark] = [(0, 0)]
        self._descriptor = -1
        self._length = sys.maxsize

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._descriptor = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        self.raw += data
        self._mark(len(self.raw))
        if self._length == sys.maxsize:
            self._length = _length_of(self.raw)
        if len(self.raw) >= self._length:
            self._end()

    def connection_lost(self, _error: Exception | None) -> None:
        self._descriptor = -1
        self._end()

    def look_into_kernel(self) -> None:
        """What waits unread is here, though we have not come to it."""
        if self._descriptor >= 0:
            unread: int = struct.unpack("i", fcntl.ioctl(self._descriptor, termios.FIONREAD, bytes(4)))[0]
            self._mark(len(self.raw) + unread)

    def _mark(self, received: int) -> None:
        if received > self.marks[-1][0]:
            self.marks.append((received, time.monotonic_ns()))

    def _end(self) -> None:
        if not self.ended.done():
            self.recorder.look_into_kernels()
            self.ended.set_result(time.monotonic_ns())


class Recorder:
    """Knows the connections that are open. All on one event loop."""

    def __init__(self) -> None:
        self.connections: set[Wire] = set()

    def look_into_kernels(self) -> None:
        for wire in self.connections:
            wire.look_into_kernel()

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", patience: float = 6) -> Answer:
        """Does not raise for anything that the network or the other side do: the answer tells."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, wire = await loop.create_connection(lambda: Wire(self), str(parts.hostname), parts.port or 80)
        except OSError:  # TimeoutError is one
            now = time.monotonic_ns()
            return Answer(now, now, refused=True)
        self.connections.add(wire)
        answer = Answer(time.monotonic_ns())
        try:
            transport.write(_request(method, parts.netloc, url.partition(parts.netloc)[2], headers, body))
            await asyncio.wait([wire.ended], timeout=patience)
        finally:
            self.connections.discard(wire)
            transport.abort()
        answer.done = wire.ended.result() if wire.ended.done() else time.monotonic_ns()
        answer.marks = wire.marks
        _understand(bytes(wire.raw), answer)
        return answer


def _request(method: str, host: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "connection: close", f"content-length: {len(body)}"]
    if body and "content-type" not in headers:
        lines.append("content-type: application/json")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + END_OF_HEAD + body


def _head_of(raw: bytes | bytearray) -> tuple[int, dict[str, str], int] | None:
    """Status, headers, and where the body begins."""
    end = raw.find(END_OF_HEAD)
    if end < 0:
        return None
    first, *lines = bytes(raw[:end]).decode("latin-1").split("\r\n")
    named = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in named}, end + len(END_OF_HEAD)


def _length_of(raw: bytearray) -> int:
    """Of the whole answer, where it is said beforehand."""
    head = _head_of(raw)
    if head is None or "content-length" not in head[1]:
        return sys.maxsize
    return head[2] + int(head[1]["content-length"])


def _understand(raw: bytes, answer: Answer) -> None:
    head = _head_of(raw)
    if head is None:
        return
    answer.status, answer.headers, begin = head
    if answer.headers.get("transfer-encoding", "").lower() == "chunked":
        answer.body, answer.chunks, answer.whole = _from_chunks(raw, begin)
    else:
        answer.body = raw[begin:]
        answer.chunks = [(len(answer.body), begin)]
        answer.whole = len(answer.body) == int(answer.headers.get("content-length", -1))


def _from_chunks(raw: bytes, at: int) -> tuple[bytes, list[Mark], bool]:
    """Also of an answer that was cut within a chunk."""
    body = bytearray()
    chunks: list[Mark] = []
    while (eol := raw.find(b"\r\n", at)) >= 0:
        size = int(raw[at:eol], 16)
        if size == 0:
            return bytes(body), chunks, True
        chunks.append((min(len(body) + size, len(body) + len(raw) - eol - 2), eol + 2 - len(body)))
        body += raw[eol + 2 : eol + 2 + size]
        at = eol + 2 + size + 2
    return bytes(body), chunks, False
