"""A lean HTTP/1.1 client for posting JSON: httpx would take a millisecond of the two cores for each request that is measured."""

import asyncio
import time
from typing import Self
from urllib.parse import urlsplit


class Refused(Exception):
    """The server answered something else than 2xx; tells what."""


KEPT = 3.0
"""Seconds. uvicorn ends a connection that it has not heard of for five."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Posting:
    """Kept-alive connections to one server; as many as there are requests at the same moment."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free: list[tuple[float, Streams]] = []

    async def post(self, path: str, body: bytes, headers: str = "") -> bytes:
        """The answer's body. Raises Refused."""
        reader, writer = await self._connection()
        head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        answered = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, after = answered.partition(b"content-length:")
        content = await reader.readexactly(int(after.partition(b"\r\n")[0]))
        if not answered.startswith(b"http/1.1 2"):
            raise Refused(f"{answered.partition(bytes([13]))[0].decode()} {content.decode()}")
        self._free.append((time.monotonic(), (reader, writer)))
        return content

    async def _connection(self) -> Streams:
        while self._free:
            since, streams = self._free.pop()
            if time.monotonic() - since < KEPT:
                return streams
            streams[1].close()
        return await asyncio.open_connection(self._host, self._port)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _since, (_reader, writer) in self._free:
            writer.close()
