"""No clinical content in a mail: whatever the news, the mail is the same, in both languages, and so is its subject."""

from uuid import uuid4

import pytest

from common.db import Database
from scheduling.notifications.mails import Outgoing, Post, message_of
from scheduling.notifications.rules import Language, RecipientKind
from scheduling.notifications.texts import TEXTS, templates
from scheduling.notifications.work import send_some
from tests.scheduling.notifications.people import NOON, reachable, tell, told
from tests.scheduling.notifications.relay import Relay

POST = Post("127.0.0.1", 25, "portal@members.example", "https://portal.example/")
TELLING = (
    "care connect", "emotional", "wellbeing",  "consult", "session", "sesión", "appointment", "cita", "provider", "profesional",
    "therap", "terap", "mental", "health", "salud", "client", "programme", "programa", "request", "solicitud", "insurance", "seguro ",
    "visit", "plan", "clinic", "network", "red ", "state", "estado", 
)  # fmt: skip
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", ["client", "provider"])
async def test_the_mail_is_the_same_for_every_template(db: Database, relay: Relay, kind: RecipientKind, language: Language) -> None:
    person = await reachable(db, kind, language)
    for template in sorted(templates()):
        await tell(db, told(person, f"{template}:1", template, about=uuid4(), starts_at=NOON))
    while await send_some(db, relay.post, NOON):
        pass
    assert len(relay.raw) == len(templates()) > 30
    assert len({_without_id(raw, message_id) for raw, message_id in zip(relay.raw, relay.message_ids(), strict=True)}) == 1


def _without_id(raw: bytes, message_id: str) -> bytes:
    assert raw.count(message_id.encode()) == 1
    return raw.replace(message_id.encode(), b"")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", ["client", "provider"])
def test_no_word_of_it_says_what_it_is_about(kind: RecipientKind, language: Language) -> None:
    message = message_of(Outgoing(uuid4(), kind, NOON, None, None, None, 1, "jane@mail.example", language), POST)
    body = message.get_content()
    link = "https://portal.example/my-request" if kind == "client" else "https://portal.example/provider-queue"
    assert link in body.split()
    said = f"{message['Subject']} {message['From']} {body.replace(link, '')}".lower()
    assert [word for word in TELLING if word in said] == []
    assert "ews" not in said.split()
    assert {name.lower() for name in message} == {
        "from", "to", "subject", "date", "message-id", "content-language", "auto-submitted", "content-type",
        "content-transfer-encoding", "mime-version",
    }  # fmt: skip


def test_the_words_that_tell_would_be_seen() -> None:
    """They stand in the texts that the portal shows."""
    for texts in TEXTS.values():
        in_app = " ".join(texts[template] for template in templates()).lower()
        assert sum(word in in_app for word in TELLING) > 8


async def test_each_gets_it_in_their_language(db: Database, relay: Relay) -> None:
    for language in ("en", "es"):
        await tell(db, told(await reachable(db, language=language)))
    await send_some(db, relay.post, NOON)
    assert {str(mail["Subject"]) for mail in relay.accepted} == {"There is news for you", "Hay novedades para usted"}


async def test_an_invitation_goes_with_it_as_it_is_and_changes_nothing_else(db: Database, relay: Relay) -> None:
    person = await reachable(db)
    await tell(db, told(person, "a:1", calendar=CALENDAR), told(person, "b:1"))
    await send_some(db, relay.post, NOON)
    plain, invitation = sorted(relay.accepted, key=lambda mail: mail.is_multipart())
    (attached,) = invitation.iter_attachments()
    assert attached.get_payload(decode=True) == CALENDAR
    assert (attached.get_content_type(), attached.get_param("method"), attached.get_filename()) == (
        "text/calendar", "REQUEST", "invitation.ics",
    )  # fmt: skip
    text = invitation.get_body(("plain",))
    assert text is not None
    assert text.get_content() == plain.get_content()
    assert invitation["Subject"] == plain["Subject"]
