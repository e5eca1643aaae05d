"""Who is measured, besides the floor: a service that takes opt-outs, ours or another with a relay of its own behind it."""

import os
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from bench import seeding
from bench.moments import Moments, now
from bench.pace import at_pace
from bench.posting import Posting
from deploy.local.issuer import Issuer
from deploy.local.processes import Process

BODY = b'{"programme":"care_connect"}'
LOST_AFTER = 30.0


@dataclass
class Contender:
    """The service's address, its databases, and clients who share; the relay where it is a process by itself."""

    posting: Posting
    consent: str
    reporting: str
    issuer: Issuer
    moments: Moments
    relay: Process | None = None
    clients: deque[UUID] = field(default_factory=deque)
    _headers: dict[UUID, str] = field(default_factory=dict)

    async def seed(self, n: int) -> None:
        """Clients with their data and their tokens."""
        clients = [uuid4() for _ in range(n)]
        await seeding.share(self.consent, clients)
        await seeding.export(self.reporting, clients)
        for client in clients:
            token = self.issuer.mint("client", client)
            self._headers[client] = f"authorization: Bearer {token}\r\nprefer: wait=0\r\n"
        self.clients.extend(clients)

    async def opt_out(self, per_second: float, n: int, seed: int) -> dict[UUID, int]:
        """Opts clients out; when each request was made, in nanoseconds of the machine's monotonic clock."""
        began: dict[UUID, int] = {}

        async def begin(client: UUID) -> None:
            began[client] = now()
            await self.posting.post(f"/v1/clients/{client}/opt-outs", BODY, self._headers[client])

        await at_pace(per_second, seed, [self.clients.popleft() for _ in range(n)], begin)
        return began

    async def measure(self, per_second: float, n: int, seed: int) -> list[float]:
        """Milliseconds from each request to the commit of its redaction."""
        began = await self.opt_out(per_second, n, seed)
        committed = await self.moments.all_of(began, LOST_AFTER)
        return [(committed[client] - at) / 1e6 for client, at in began.items()]

    @contextmanager
    def on_turn(self) -> Iterator[None]:
        """Its relay runs; in others' turns it is stopped, so that its polling takes nothing from them."""
        if self.relay:
            os.kill(self.relay.pid, signal.SIGCONT)
        try:
            yield
        finally:
            self.pause()

    def pause(self) -> None:
        if self.relay and self.relay.alive:
            os.kill(self.relay.pid, signal.SIGSTOP)
