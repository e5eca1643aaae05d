"""A mail as the organisation's gateway hands it on."""

from email.message import EmailMessage
from uuid import UUID, uuid4

import aiosmtplib

from deploy.local.stack import AUTHSERV_ID, PRIVACY_ADDRESS
from tests.story import Story


async def knows_address(story: Story, client: UUID, address: str) -> None:
    path = f"/v1/clients/{client}/mail-addresses"
    answer = await story.call("consent", "PUT", path, story.token("operations"), json={"addresses": [address]})
    assert answer.status_code == 200, answer.text


async def sends(story: Story, sender: str, subject: str, text: str, authenticated: bool = True) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, PRIVACY_ADDRESS, subject
    mail["Message-ID"] = f"<{uuid4()}@{sender.partition('@')[2]}>"
    result = "pass" if authenticated else "none"
    mail["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc={result} header.from={sender.partition('@')[2]}"
    mail.set_content(text)
    await aiosmtplib.send(mail, sender=sender, recipients=[PRIVACY_ADDRESS], hostname="127.0.0.1", port=story.stack.ports["consent smtp"])
