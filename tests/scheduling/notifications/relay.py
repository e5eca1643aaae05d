"""A real SMTP server in the place of the organisation's relay, that keeps what it accepts and refuses what it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

from scheduling.notifications.mails import Post

ACCEPTED = "250 2.0.0 Kept"


async def nothing() -> None: ...


@dataclass
class Relay:
    """aiosmtpd's handler. `to_recipients` and `to_mails` are what it answers."""

    port: int = 0
    to_recipients: str = "250 2.1.5 OK"
    to_mails: str = ACCEPTED
    before_answer: Callable[[], Awaitable[None]] = nothing
    accepted: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    seen: int = 0

    @property
    def post(self) -> Post:
        return Post("127.0.0.1", self.port, "portal@members.example", "https://portal.example")

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        self.seen += 1
        if self.to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipients

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        await self.before_answer()
        if self.to_mails == ACCEPTED:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.accepted.append(message)
            self.raw.append(envelope.content)
            self.recipients += envelope.rcpt_tos
        return self.to_mails

    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.accepted]


@asynccontextmanager
async def relaying() -> AsyncIterator[Relay]:
    relay, loop = Relay(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(relay, loop=loop), "127.0.0.1", 0)
    async with server:
        relay.port = server.sockets[0].getsockname()[1]
        yield relay
