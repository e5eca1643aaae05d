"""The mail edge: a real SMTP server that the organisation's mail gateway hands mails on to. A mail is stored before 250 is said."""

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from common.clock import Clock
from common.db import DOWN, Database
from consent.mail.usecases import receive_mail
from consent.settings import ConsentSettings

log = logging.getLogger(__name__)
SIZE_LIMIT = 2 * 1024 * 1024


class Intake:
    """aiosmtpd's handler."""

    def __init__(self, db: Database, settings: ConsentSettings, clock: Clock, arrived: asyncio.Event) -> None:
        self._db, self._settings, self._clock, self._arrived = db, settings, clock, arrived

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        """Only the privacy officer's address: this is no open relay."""
        if address.strip("<>").lower() != self._settings.privacy_address.lower():
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode("utf-8", "surrogateescape")
        try:
            await receive_mail(self._db, raw, envelope.mail_from or "", self._settings.authserv_id, self._clock.now())
        except DOWN:
            return "451 4.3.0 Not stored, try again"
        except Exception as error:  # the gateway keeps it and tries again, rather than losing it to a defect of ours
            log.error("a mail could not be stored", exc_info=error)
            return "451 4.3.0 Not stored, try again"
        self._arrived.set()
        return "250 2.0.0 Stored"


async def serve_smtp(db: Database, settings: ConsentSettings, clock: Clock, arrived: asyncio.Event) -> None:
    """For the life of the process."""
    loop = asyncio.get_running_loop()
    intake = Intake(db, settings, clock, arrived)

    def connection() -> SMTP:
        name = settings.authserv_id
        return SMTP(intake, hostname=name, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, ident="Care Connect", loop=loop)

    server = await loop.create_server(connection, settings.smtp_host, settings.smtp_port)
    async with server:
        await server.serve_forever()
