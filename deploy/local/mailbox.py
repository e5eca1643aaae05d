"""Where the local stack's answers to mails arrive, for looking at them: an SMTP server that keeps all it gets, and a page of them.

Run as `python -m deploy.local.mailbox SMTP_PORT PORT [HOST]`. Never part of a deployment: there it is the organisation's relay.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI

KEPT = 1000
"""Mails; older ones go."""


class Mailbox:
    """aiosmtpd's handler."""

    def __init__(self) -> None:
        self.mails: deque[dict[str, Any]] = deque(maxlen=KEPT)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.content if isinstance(envelope.content, bytes) else b"", policy=default)
        body = message.get_body(("plain",))
        self.mails.append(
            {
                "mail_from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "headers": {name.lower(): str(value) for name, value in message.items()},
                "text": body.get_content() if body else "",
            }
        )
        return "250 2.0.0 Kept"


def create_app(smtp_port: int, host: str) -> FastAPI:
    mailbox = Mailbox()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(mailbox, enable_SMTPUTF8=True, loop=loop), host, smtp_port)
        async with server:
            yield

    app = FastAPI(title="Care Connect: local mailbox", lifespan=lifespan)

    @app.get("/mails")
    async def mails(to: str | None = None) -> list[dict[str, Any]]:
        """All that came, or to one address."""
        return [mail for mail in mailbox.mails if to is None or to in mail["to"]]

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    return app


def main() -> None:
    smtp_port, port, *host = sys.argv[1:]
    where = host[0] if host else "127.0.0.1"
    uvicorn.run(create_app(int(smtp_port), where), host=where, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
