"""How the rows of a part become the bytes of a file, page by page: what a page holds leaves with it, and nothing of it later."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from reporting.disclosures.tables import ExportPage
from reporting.release_gate.gate import Hold

Headers = tuple[tuple[bytes, bytes], ...]
GZIP = 16 + zlib.MAX_WBITS
FASTEST = 1
"""A page is held while it is packed."""


async def _as_it_is(_: Hold, page: ExportPage) -> bytes:
    return page.content or b""


@dataclass(frozen=True, slots=True)
class Encoding:
    """Made for one download. `encode` runs under the page's hold; `end` runs without one: it must know nothing of what left."""

    media_type: str
    by_row: bool = False
    """Whether pages are taken row by row; otherwise as bytes, which nobody looks at."""
    encode: Callable[[Hold, ExportPage], Awaitable[bytes]] = _as_it_is
    end: Callable[[], bytes] = lambda: b""
    headers: Headers = ()

    def head(self) -> list[tuple[bytes, bytes]]:
        return [(b"content-type", self.media_type.encode()), (b"cache-control", b"no-store"), *self.headers]


def gzipped(plain: Encoding) -> Encoding:
    """Each page is flushed, so that it leaves as a whole under its own hold."""
    packer = zlib.compressobj(FASTEST, wbits=GZIP)

    def packed(content: bytes) -> bytes:
        return packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)

    async def encode(hold: Hold, page: ExportPage) -> bytes:
        content = await plain.encode(hold, page)
        return await asyncio.to_thread(packed, content) if content else b""

    def end() -> bytes:
        return packer.compress(plain.end()) + packer.flush()

    return replace(plain, encode=encode, end=end, headers=(*plain.headers, (b"content-encoding", b"gzip")))
