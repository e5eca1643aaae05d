"""A mail as the organisation's gateway hands it on, byte for byte: sent again it is the same mail."""

from email.message import EmailMessage

import asyncpg

from deploy.local.stack import AUTHSERV_ID, PRIVACY_ADDRESS
from tests.story import eventually


def raw_mail(sender: str, text: str, message_id: str, *, passes: bool = True, automatic: bool = False) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, PRIVACY_ADDRESS, "My data", message_id
    verdict = "pass" if passes else "fail"
    message["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc={verdict} header.from={sender.split('@')[1]}"
    if automatic:
        message["Auto-Submitted"] = "auto-replied"
    message.set_content(text)
    return message.as_bytes()


async def answers_are_sent(database: str) -> None:
    """Every answer has been handed to the relay. Whoever fails or dies while sending leaves it to the next, a minute later: not here."""
    connection = await asyncpg.connect(database)

    async def sent() -> bool:
        await connection.execute("update mail_reply set try_at = clock_timestamp() where sent_at is null")
        return bool(await connection.fetchval("select not exists (select from mail_reply where sent_at is null)"))

    await eventually(sent)
    await connection.close()
