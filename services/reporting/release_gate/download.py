"""One part of an export on its way to the plan: page by page, each page behind the gate until its last byte has arrived."""

import logging
from uuid import UUID

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common import connection as connections
from common.connection import Connection, SlowReader
from common.metrics import Metrics
from common.problems import Problem
from reporting.disclosures import tables
from reporting.release_gate.gate import Gate, Hold

log = logging.getLogger(__name__)
NDJSON = [(b"content-type", b"application/fhir+ndjson"), (b"cache-control", b"no-store")]


class PartDownload(Response):
    """Raises Problem as long as nothing was sent; afterwards a refusal can only end the connection."""

    def __init__(
        self, gate: Gate, metrics: Metrics, export_id: UUID, stream: int, generation: int, page_rows: int, page_seconds: float
    ) -> None:
        super().__init__()
        self.gate, self.metrics = gate, metrics
        self.export_id, self.stream, self.generation = export_id, stream, generation
        self.page_rows, self.page_seconds = page_rows, page_seconds
        self.started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = connections.of(scope)
        after: int | None = 0
        try:
            while after is not None:
                async with self.gate.held(self.stream) as hold:
                    after = await self._page(hold, after, connection, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except SlowReader as error:
            log.warning("a download was cut", extra={"reason": str(error)})
        except BaseException:
            if self.started:
                connection.cut()
            raise

    async def _page(self, hold: Hold, after: int, connection: Connection, send: Send) -> int | None:
        """Where to go on, None after the last page."""
        page = await tables.take_page(hold, self.export_id, after, self.page_rows)
        if not self.started:
            self._check(page.generation)
        hold.tx.add_termination_listener(connection.cut_off)  # without the database there is no lock
        if hold.tx.is_closed():  # it ended together with the page's arrival: nobody is told any more
            raise ConnectionError("the lock is gone")
        connection.hold()
        if not self.started:
            self.started = True
            await send({"type": "http.response.start", "status": 200, "headers": NDJSON})
        if page.lines:
            await send({"type": "http.response.body", "body": page.lines.encode(), "more_body": True})
        await connection.delivered(self.page_seconds)
        connection.let_go()
        hold.tx.remove_termination_listener(connection.cut_off)
        self.metrics.pages_released.inc()
        return page.last if page.rows == self.page_rows else None

    def _check(self, generation: int | None) -> None:
        if generation is None:
            raise Problem("unknown_export", "No such part.")
        if generation != self.generation:
            raise Problem("part_redacted", "This part was redacted since. Read the manifest again.", rule="R5", generation=generation)
