"""One part of an export on its way to the plan: page by page, each page behind the gate until its last byte has arrived."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common import connection as connections
from common.connection import Connection, SlowReader
from common.metrics import Metrics
from common.problems import Problem
from reporting.disclosures import tables
from reporting.disclosures.tables import ExportPage
from reporting.release_gate.encoding import Encoding
from reporting.release_gate.gate import Gate, Hold
from reporting.release_gate.pace import next_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PartAddress:
    recipient_id: UUID
    export_id: UUID
    stream: int
    part: str
    generation: int


@dataclass(frozen=True, slots=True)
class Pages:
    """Rows of the first and smallest page, of the largest one, and how long a recipient may take for one."""

    least: int
    most: int
    seconds: float


class PartDownload(Response):
    """Raises Problem as long as nothing was sent; afterwards a refusal can only end the connection."""

    def __init__(self, gate: Gate, metrics: Metrics, address: PartAddress, pages: Pages, encoding: Encoding) -> None:
        super().__init__()
        self.gate, self.metrics, self.address, self.pages, self.encoding = gate, metrics, address, pages, encoding
        self.started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = connections.of(scope)
        after: int | None = 0
        rows = self.pages.least
        try:
            while after is not None:
                async with self.gate.held(self.address.stream, self.address.recipient_id) as hold:
                    began = time.monotonic()
                    after = await self._page(hold, after, rows, connection, send)
                rows = next_rows(rows, time.monotonic() - began, self.pages.least, self.pages.most)
            await send({"type": "http.response.body", "body": self.encoding.end(), "more_body": False})
        except SlowReader as error:
            log.warning("a download was cut", extra={"reason": str(error)})
        except BaseException:
            if self.started:
                connection.cut()
            raise

    async def _page(self, hold: Hold, after: int, rows: int, connection: Connection, send: Send) -> int | None:
        """Where to go on, None after the last page."""
        page = await tables.take_page(hold, self.address.export_id, self.address.part, after, rows, by_row=self.encoding.by_row)
        self._check(page)
        content = await self.encoding.encode(hold, page)
        seconds = hold.seconds(self.pages.seconds)
        hold.tx.add_termination_listener(connection.cut_off)  # without the database there is no lock
        if hold.tx.is_closed():  # it ended together with the page's arrival: nobody is told any more
            raise ConnectionError("the lock is gone")
        connection.hold()
        if not self.started:
            self.started = True
            await send({"type": "http.response.start", "status": 200, "headers": self.encoding.head()})
        if content:
            await send({"type": "http.response.body", "body": content, "more_body": True})
        await connection.delivered(seconds)
        connection.let_go()
        hold.tx.remove_termination_listener(connection.cut_off)
        self.metrics.pages_released.inc()
        return page.last if page.looked_at == rows else None

    def _check(self, page: ExportPage) -> None:
        """A redaction on the way changes nothing: what is left of the part goes on leaving. An export that is over ends it."""
        if page.generation is None:
            raise Problem("unknown_export", "No such part.")
        if not self.started and page.generation != self.address.generation:
            raise redacted(page.generation)


def redacted(generation: int) -> Problem:
    return Problem("part_redacted", "This part was redacted since. Read the manifest again.", rule="R5", generation=generation)
