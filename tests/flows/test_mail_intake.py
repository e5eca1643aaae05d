"""C4: opting out by e-mail, over real SMTP: what takes effect at once, what waits for the privacy officer, and that nothing is lost."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import asyncpg
import pytest

from deploy.local.stack import AUTHSERV_ID, PRIVACY_ADDRESS
from tests.mails import becomes, decision, queued, writer
from tests.story import Story, eventually


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
