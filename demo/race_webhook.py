"""The plan's endpoint in a race: a server of its own that is told of recalls, and believes only what is signed (Standard Webhooks)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from demo.race_arrivals import Arrivals

WAY = "webhook"
TAKEN, NOT_YET, UNSIGNED = 204, 503, 401
AWKWARD = 8
"""One message in so many is turned away when it comes first, so that it has to come again."""


@dataclass
class Endpoint:
    """What it was told. Requests come on threads of their own."""

    arrivals: Arrivals
    url: str = ""
    secret: str = ""
    recalls: set[str] = field(default_factory=set)
    unsigned: int = 0
    _seen: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer with. A message may come more than once."""
        with self._lock:
            try:
                said: dict[str, Any] = Webhook(self.secret).verify(body, headers)
            except WebhookVerificationError:
                self.unsigned += 1
                return UNSIGNED
            message = headers["webhook-id"]
            if message not in self._seen and len(self._seen) % AWKWARD == AWKWARD - 1:
                self._seen.add(message)
                return NOT_YET
            self._seen.add(message)
            self.arrivals.note_ids(WAY, body)
            self.recalls.add(str(said["data"]["recall_id"]))
            return TAKEN


@contextmanager
def listening(arrivals: Arrivals) -> Iterator[Endpoint]:
    endpoint = Endpoint(arrivals)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(endpoint.take({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}/recalls"
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()
