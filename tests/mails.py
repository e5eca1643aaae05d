"""People who write mails to the privacy officer's address, over real SMTP, and what becomes of them."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib

from deploy.local.stack import AUTHSERV_ID, PRIVACY_ADDRESS
from tests.story import Story, eventually


@dataclass
class Writer:
    """Somebody with a mail address."""

    story: Story
    address: str

    async def write(self, text: str, *, subject: str = "My data", passes: bool = True, sender: str | None = None, **headers: str) -> str:
        """Through the organisation's mail gateway; the Message-ID."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender or self.address, PRIVACY_ADDRESS, subject
        message["Message-ID"] = f"<{uuid4()}@mail.example>"
        verdict = "pass" if passes else "fail"
        message["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc={verdict} header.from={self.address.split('@')[1]}"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        await self.send(message.as_bytes())
        return str(message["Message-ID"])

    async def send(self, raw: bytes, mail_from: str | None = None, to: str = PRIVACY_ADDRESS) -> None:
        port = self.story.stack.ports["consent smtp"]
        await aiosmtplib.send(raw, sender=mail_from or self.address, recipients=[to], hostname="127.0.0.1", port=port)

    async def answers(self) -> list[dict[str, Any]]:
        found = await self.story.http.get(f"{self.story.stack.url('mailbox')}/mails", params={"to": self.address})
        mails: list[dict[str, Any]] = found.json()
        return mails

    async def answer(self) -> dict[str, Any]:
        return (await eventually(self.answers))[0]  # type: ignore[no-any-return]


async def writer(story: Story, *clients: UUID) -> Writer:
    made = Writer(story, f"{uuid4().hex[:12]}@mail.example")
    for client in clients:
        body = {"addresses": [made.address.upper()]}
        answer = await story.call("consent", "PUT", f"/v1/clients/{client}/mail-addresses", story.token("client", client), json=body)
        assert answer.json() == {"addresses": 1}
    return made


async def queued(story: Story, sender: str) -> dict[str, Any] | None:
    officer = story.token("privacy_officer")
    items = (await story.call("consent", "GET", "/v1/mails?state=queued&limit=500", officer)).json()["items"]
    return next((item for item in items if item["sender"] == sender), None)


async def resolve(story: Story, mail_id: str, resolution: str, **more: Any) -> dict[str, Any]:
    path, officer = f"/v1/mails/{mail_id}/resolution", story.token("privacy_officer")
    answer = await story.call("consent", "POST", path, officer, json={"resolution": resolution, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def decision(story: Story, client: UUID) -> str | None:
    found: str | None = (await story.sharing(client))["decision"]
    return found


async def becomes(story: Story, client: UUID, wanted: str) -> None:
    async def is_so() -> bool:
        return await decision(story, client) == wanted

    await eventually(is_so)
