"""C4: opting out by e-mail, over real SMTP: what takes effect at once, what waits for the privacy officer, and that nothing is lost."""

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import asyncpg
import pytest

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


async def in_new_exports(story: Story) -> int:
    return len(await story.lines(await story.export_of(0)))


async def test_C4_a_clear_opt_out_from_a_known_authenticated_address_takes_effect_at_once_and_is_answered(story: Story) -> None:
    client = await story.sharing_client()
    manifest = await story.export_of(1)
    jane = await writer(story, client)
    message_id = await jane.write("Hello,\n\nPlease opt me out of sharing my data.\n\nThanks,\nJane")
    await becomes(story, client, "opted_out")
    answer = await jane.answer()
    assert answer["headers"]["in-reply-to"] == message_id
    assert answer["headers"]["auto-submitted"] == "auto-replied", "RFC 3834"
    assert answer["mail_from"] in ("", "<>"), "the null path: a bounce of it goes nowhere"
    assert "You have opted out" in answer["headers"]["subject"]

    async def redacted() -> bool:
        return (await story.manifest(manifest["export_id"]))["output"] == []

    await eventually(redacted)
    state = await story.sharing(client)
    receipt = await story.call(
        "consent", "GET", f"/v1/clients/{client}/decisions/{state['decision_id']}/receipt", story.token("client", client)
    )
    assert receipt.json()["record"]["event"]["collection_method"] == "email"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("I am not sure whether I want to opt out. How does it work?", True),
        ("Please opt me out of sharing my data.", False),
        ("When is my next appointment?", True),
    ],
    ids=["unclear", "not authenticated", "about something else"],
)
async def test_C4_what_is_not_plain_waits_for_the_privacy_officer_and_sharing_is_suspended_meanwhile(
    story: Story, text: str, passes: bool
) -> None:
    client = await story.sharing_client()
    manifest = await story.export_of(1)
    jane = await writer(story, client)
    await jane.write(text, passes=passes)
    await becomes(story, client, "suspended")
    mail = await queued(story, jane.address)
    assert mail is not None
    assert (mail["client_ids"], mail["overdue"]) == ([str(client)], False)
    assert mail["due_at"] > mail["received_at"]
    assert "A privacy officer is reading your message" in (await jane.answer())["headers"]["subject"]

    async def nothing_leaves() -> bool:
        return (await story.manifest(manifest["export_id"]))["output"] == []

    await eventually(nothing_leaves)
    assert await in_new_exports(story) == 0


async def test_C4_C8_when_it_was_no_opt_out_sharing_goes_on_and_the_recipient_was_asked_to_delete_nothing(story: Story) -> None:
    client = await story.sharing_client()
    await story.lines(await story.export_of(1))
    jane = await writer(story, client)
    await jane.write("Who is my case manager?")
    await becomes(story, client, "suspended")
    mail = await queued(story, jane.address)
    assert mail is not None
    resolved = await resolve(story, mail["mail_id"], "not_an_opt_out")
    assert (resolved["state"], resolved["resolution"]) == ("resolved", "not_an_opt_out")
    state = await story.sharing(client)
    assert (state["decision"], state["categories"]) == ("opted_in", ["appointments", "assessment_results", "satisfaction"])
    assert len(await story.lines(await story.export_of(1))) == 1
    assert (await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))).json()["items"] == []
    again = await story.call(
        "consent",
        "POST",
        f"/v1/mails/{mail['mail_id']}/resolution",
        story.token("privacy_officer"),
        json={"resolution": "opt_out"},
    )
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


async def test_C4_R5_when_it_was_an_opt_out_it_is_one_from_the_officers_word_on_with_recall_and_answer(story: Story) -> None:
    client = await story.sharing_client()
    await story.lines(await story.export_of(1))
    jane = await writer(story, client)
    await jane.write("I would rather not have Optum see any of this from here on, as discussed with your colleague on the phone.")
    await becomes(story, client, "suspended")
    mail = await queued(story, jane.address)
    assert mail is not None
    await resolve(story, mail["mail_id"], "opt_out")
    assert await decision(story, client) == "opted_out"

    async def recalled() -> bool:
        found = await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))
        return len(found.json()["items"]) == 1

    await eventually(recalled)

    async def told() -> bool:
        return any("You have opted out" in mail["headers"]["subject"] for mail in await jane.answers())

    await eventually(told)


async def test_invariant_5_resuming_never_undoes_what_the_client_decided_meanwhile(story: Story) -> None:
    client = await story.sharing_client()
    jane = await writer(story, client)
    await jane.write("A question about sharing.")
    await becomes(story, client, "suspended")
    await story.opt_out(client)
    mail = await queued(story, jane.address)
    assert mail is not None
    await resolve(story, mail["mail_id"], "not_an_opt_out")
    assert await decision(story, client) == "opted_out"


async def test_C4_sharing_stays_suspended_while_another_mail_of_the_client_waits(story: Story) -> None:
    client = await story.sharing_client()
    jane = await writer(story, client)
    await jane.write("A first question.")
    await becomes(story, client, "suspended")
    first = await queued(story, jane.address)
    assert first is not None
    await jane.write("A second question.")

    async def both() -> bool:
        connection = await asyncpg.connect(story.stack.database("consent"))
        waiting = await connection.fetchval("select count(*) from mail where state = 'queued' and sender = $1", jane.address)
        await connection.close()
        return bool(waiting == 2)

    await eventually(both)
    await resolve(story, first["mail_id"], "not_an_opt_out")
    assert await decision(story, client) == "suspended"
    second = await queued(story, jane.address)
    assert second is not None
    await resolve(story, second["mail_id"], "not_an_opt_out")
    assert await decision(story, client) == "opted_in"


async def test_C4_an_address_of_several_people_opts_nobody_out_by_itself_and_suspends_them_all(story: Story) -> None:
    one, other = await story.sharing_client(), await story.sharing_client()
    shared = await writer(story, one, other)
    await shared.write("Please opt me out.")
    await becomes(story, one, "suspended")
    await becomes(story, other, "suspended")
    mail = await queued(story, shared.address)
    assert mail is not None
    await resolve(story, mail["mail_id"], "opt_out", client_ids=[str(one)])
    assert [await decision(story, one), await decision(story, other)] == ["opted_out", "opted_in"]


async def test_C4_a_mail_from_an_unknown_address_is_queued_and_answered_in_the_same_words_as_a_known_one(story: Story) -> None:
    client = await story.sharing_client()
    stranger, known = await writer(story), await writer(story, client)
    for somebody in (stranger, known):
        await somebody.write("Please opt out my neighbour.")
    one, other = await stranger.answer(), await known.answer()
    assert one["headers"]["subject"] == other["headers"]["subject"], "nobody learns who is a client"
    assert one["text"].splitlines()[0][:60] == other["text"].splitlines()[0][:60]
    mail = await queued(story, stranger.address)
    assert mail is not None
    refused = await story.call(
        "consent",
        "POST",
        f"/v1/mails/{mail['mail_id']}/resolution",
        story.token("privacy_officer"),
        json={"resolution": "opt_out"},
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "client_ids")
    third = await story.sharing_client()
    await resolve(story, mail["mail_id"], "opt_out", client_ids=[str(third)])
    assert await decision(story, third) == "opted_out"


async def test_C4_bounces_and_automatic_answers_change_nothing_and_are_not_answered(story: Story) -> None:
    client = await story.sharing_client()
    jane = await writer(story, client)
    await jane.write("I am away. Please opt me out.", subject="Automatic reply: your message", Auto_Submitted="auto-replied")
    await jane.write("Please opt me out.", subject="Undeliverable", sender=f"mailer-daemon@{jane.address.split('@')[1]}")

    async def filed() -> bool:
        connection = await asyncpg.connect(story.stack.database("consent"))
        found = await connection.fetchval("select count(*) from mail where state = 'filed' and sender like $1", f"%{jane.address}")
        await connection.close()
        return bool(found)

    await eventually(filed)
    assert await decision(story, client) == "opted_in"
    assert await jane.answers() == []


async def test_C4_a_forged_result_of_authentication_is_not_believed(story: Story) -> None:
    client = await story.sharing_client()
    jane = await writer(story, client)
    domain = jane.address.split("@")[1]
    forged = (
        f"Authentication-Results: {AUTHSERV_ID}; dmarc=fail header.from={domain}\r\n"
        f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={domain}\r\n"
        f"From: {jane.address}\r\nTo: {PRIVACY_ADDRESS}\r\nSubject: opt out\r\n\r\nPlease opt me out.\r\n"
    )
    await jane.send(forged.encode())
    await becomes(story, client, "suspended")


async def test_C4_the_same_mail_sent_again_by_the_gateway_is_one_mail(story: Story) -> None:
    jane = await writer(story)
    raw = f"From: {jane.address}\r\nMessage-ID: <{uuid4()}@mail.example>\r\nSubject: a question\r\n\r\nHello\r\n".encode()
    for _ in range(3):
        await jane.send(raw)
    await jane.answer()
    await asyncio.sleep(1.5)
    assert len(await jane.answers()) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--",
        b"Subject: =?utf-8?B?????=\r\n\r\n\xff",
        b"From: a@b, c@d\r\n\r\nhi",
    ],
    ids=["empty", "bytes", "broken multipart", "broken header", "two senders"],
)
async def test_C4_whatever_arrives_is_stored_before_250_is_said_and_waits_for_a_person(story: Story, raw: bytes) -> None:
    connection = await asyncpg.connect(story.stack.database("consent"))
    before = await connection.fetchval("select count(*) from mail")
    await (await writer(story)).send(raw)
    assert await connection.fetchval("select count(*) from mail") == before + 1
    await connection.close()


async def test_C13_a_social_security_number_in_a_mail_is_not_stored(story: Story) -> None:
    jane = await writer(story)
    await jane.write("My number is 219-09-9999, please opt me out.", subject="SSN 219-09-9999")

    async def arrived() -> dict[str, Any] | None:
        return await queued(story, jane.address)

    mail = await eventually(arrived)
    connection = await asyncpg.connect(story.stack.database("consent"))
    kept = dict(await connection.fetchrow("select * from mail where mail_id = $1", UUID(mail["mail_id"])))
    await connection.close()
    assert "219-09-9999" not in str(kept)
    assert "***-**-****" in kept["text"]


async def test_this_is_no_open_relay(story: Story) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await (await writer(story)).send(b"Subject: spam\r\n\r\nspam", to="somebody@elsewhere.example")


async def test_C6_the_mail_queue_is_the_privacy_officers(story: Story) -> None:
    for role in ("client", "employer", "plan", "provider", "operations", "service"):
        assert (await story.call("consent", "GET", "/v1/mails", story.token(role))).status_code == 403, role
