"""Keys on their way to the recipient: behind the gate until the last byte has arrived, as a page of an export is."""

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common import connection as connections
from common.connection import Connection, SlowReader
from reporting.release_gate.gate import Gate, Hold

log = logging.getLogger(__name__)


class KeyDelivery(Response):
    """`answer`: what leaves, as JSON; it raises Problem. Nothing was sent by then."""

    def __init__(self, gate: Gate, stream: int, recipient_id: UUID, answer: Callable[[Hold], Awaitable[bytes]]) -> None:
        super().__init__()
        self.gate, self.stream, self.recipient_id, self.answer = gate, stream, recipient_id, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = connections.of(scope)
        try:
            async with self.gate.held(self.stream, self.recipient_id) as hold:
                await self._deliver(await self.answer(hold), hold, connection, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except SlowReader as error:
            log.warning("keys were not taken", extra={"reason": str(error)})

    async def _deliver(self, body: bytes, hold: Hold, connection: Connection, send: Send) -> None:
        hold.tx.add_termination_listener(connection.cut_off)  # without the database there is no lock
        if hold.tx.is_closed():
            raise ConnectionError("the lock is gone")
        seconds = hold.seconds(self.gate.page_seconds)
        connection.hold()
        try:
            headers = [(b"content-type", b"application/jwk-set+json"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await connection.delivered(seconds)
        except BaseException:
            connection.cut()
            raise
        connection.let_go()
        hold.tx.remove_termination_listener(connection.cut_off)
