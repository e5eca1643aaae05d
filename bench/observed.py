"""Runs one of our services, unchanged but for datagrams: `python -m bench.observed consent|reporting [stages]`.

Right after each commit the relay is handed what was appended: there it is told whose redaction was committed. With `stages` the
steps in between are told as well, for `python -m bench stages`.
"""

import importlib
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from bench.moments import COMMITTED, Sender
from common.applying import Applier
from common.cloudevents import Entry
from common.consumer import Consumer
from common.http import Edge
from common.relay import Relay

Async = Callable[..., Awaitable[Any]]


def observe_commits(sender: Sender, stage: str) -> None:
    committed = Relay.committed

    def observed(self: Relay, entries: list[Entry]) -> None:
        sender.tell((entry.subject for entry in entries), stage)
        committed(self, entries)

    Relay.committed = observed  # type: ignore[method-assign]


def observe_consent(sender: Sender) -> None:
    """The request read, recorded, handed to the producer, acknowledged by the broker, answered."""
    edge: Async = Edge.__call__
    send: Async = Relay._send
    acked = Relay._on_ack

    async def observed_edge(self: Edge, scope: Any, receive: Any, answer: Any) -> None:
        parts = scope.get("path", "").split("/")
        client = [UUID(parts[3])] if parts[-1] == "opt-outs" else []
        if client:
            sender.tell(client, "request")
        await edge(self, scope, receive, answer)
        if client:
            sender.tell(client, "answered")

    async def observed_send(self: Relay, producer: Any, entry: Entry) -> None:
        sender.tell([entry.subject], "relay")
        await send(self, producer, entry)

    def observed_ack(self: Relay, entry: Entry, future: Any) -> None:
        sender.tell([entry.subject], "acknowledged")
        acked(self, entry, future)

    Edge.__call__ = observed_edge  # type: ignore[assignment,method-assign]
    Relay._send = observed_send  # type: ignore[method-assign]
    Relay._on_ack = observed_ack  # type: ignore[method-assign]


def observe_reporting(sender: Sender) -> None:
    """The record polled, the transaction begun, the handler begun and through."""
    take: Async = Consumer._take
    advance: Async = Applier._advance
    handle: Async = Applier._handle

    async def observed_take(self: Consumer, polled: Any) -> None:
        if self.source == "consent":
            sender.tell([UUID(record.key.decode()) for records in polled.values() for record in records], "polled")
        await take(self, polled)

    async def observed_advance(self: Applier, tx: Any, entries: Any, *rest: Any) -> Any:
        sender.tell([entry.subject for entry in entries], "streams closed")
        return await advance(self, tx, entries, *rest)

    async def observed_handle(self: Applier, tx: Any, received: Any) -> None:
        clients = [r.event.subject for r in received]
        sender.tell(clients, "advanced")
        await handle(self, tx, received)
        sender.tell(clients, "handled")

    Consumer._take = observed_take  # type: ignore[method-assign]
    Applier._advance = observed_advance  # type: ignore[assignment,method-assign]
    Applier._handle = observed_handle  # type: ignore[method-assign]


def main() -> None:
    service, stages = sys.argv[1], "stages" in sys.argv
    sender = Sender()
    observe_commits(sender, COMMITTED if service == "reporting" else "recorded")
    if stages and service == "consent":
        observe_consent(sender)
    elif stages:
        observe_reporting(sender)
    importlib.import_module(f"{service}.app").main()


if __name__ == "__main__":
    main()
