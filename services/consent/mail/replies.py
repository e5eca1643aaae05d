"""Answers to mails: written in the transaction that decides about the mail, sent when the relay takes them, in English and Spanish."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.db import Connection
from common.schema import moment
from consent.mail.rules import Answer
from consent.schema import metadata

mail_reply = sa.Table(
    "mail_reply",
    metadata,
    sa.Column("reply_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("mail_id", pg.UUID(as_uuid=True), sa.ForeignKey("mail.mail_id"), nullable=False, index=True),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("opt_out_url", sa.Text),
    moment("due_at", nullable=True),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    moment("try_at", filled=True),
    moment("sent_at", nullable=True),
    sa.Index("mail_reply_open_idx", "try_at", postgresql_where=sa.text("sent_at is null")),
)

MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")

INSERT = "insert into mail_reply (reply_id, mail_id, answer, opt_out_url, due_at) values ($1, $2, $3, $4, $5)"

# Taken for a minute: whoever dies while sending leaves it to the next. A reply may then go twice, by the same Message-ID.
TAKE = """
update mail_reply r set tries = r.tries + 1, try_at = clock_timestamp() + make_interval(secs => least(3600, 60 * 2 ^ least(r.tries, 6)))
  from mail m
 where m.mail_id = r.mail_id and r.reply_id in (
   select reply_id from mail_reply where sent_at is null and try_at <= clock_timestamp() order by try_at limit 20 for update skip locked)
returning r.reply_id, r.answer, r.opt_out_url, r.due_at, r.tries, m.sender, m.message_id"""

TEXTS = {
    Answer.OPTED_OUT: (
        "You have opted out",
        "You asked us to stop sharing your individual data with your health plan. We have recorded it, and it takes effect at once: "
        "nothing that we send from now on holds your data. What we had prepared is removed, and your health plan is asked to delete "
        "what it has taken. Your care does not change. In the portal, under My data sharing, you can see how far it has come and get a "
        "signed proof.",
        "Usted ha dejado de compartir",
        "Nos pidió que dejáramos de compartir sus datos individuales con su plan de salud. Lo hemos registrado y surte efecto de "
        "inmediato: nada de lo que enviemos a partir de ahora contiene sus datos. Lo que habíamos preparado se elimina, y pedimos a su "
        "plan de salud que borre lo que ya recibió. Su atención no cambia. En el portal, en Mis datos compartidos, puede ver hasta "
        "dónde ha surtido efecto y obtener una prueba firmada.",
    ),
    Answer.BEING_READ: (
        "A privacy officer is reading your message",
        "We have received your message. A privacy officer will read it by {due} (UTC) and answer you. If you share individual data with "
        "your health plan, nothing is shared until then. To opt out right away, use the portal, or write to us from the address that "
        "you have given in the portal.",
        "Un responsable de privacidad está leyendo su mensaje",
        "Hemos recibido su mensaje. Un responsable de privacidad lo leerá antes del {due} (UTC) y le responderá. Si usted comparte "
        "datos individuales con su plan de salud, no se compartirá nada hasta entonces. Para dejar de compartir de inmediato, use el "
        "portal o escríbanos desde la dirección que haya indicado en el portal.",
    ),
    Answer.FOUND_NO_OPT_OUT: (
        "Your message has been read",
        "A privacy officer has read your message and did not take it as a wish to stop sharing data. Nothing has changed. If you do "
        "want to stop, write “opt out” to this address, or use the portal.",
        "Hemos leído su mensaje",
        "Un responsable de privacidad ha leído su mensaje y no lo ha entendido como un deseo de dejar de compartir datos. Nada ha "
        "cambiado. Si desea dejar de compartir, escriba «baja» a esta dirección o use el portal.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One that is to be sent now."""

    reply_id: UUID
    answer: Answer
    opt_out_url: str | None
    due_at: datetime | None
    tries: int
    sender: str
    message_id: str | None


async def insert(tx: Connection, mail_id: UUID, answer: Answer, opt_out_url: str | None, due_at: datetime | None) -> None:
    await tx.execute(INSERT, uuid4(), mail_id, answer, opt_out_url, due_at)


async def take(tx: Connection) -> Sequence[Reply]:
    return [Reply(**{**row, "answer": Answer(row["answer"])}) for row in await tx.fetch(TAKE)]


async def sent(tx: Connection, reply_id: UUID) -> None:
    await tx.execute("update mail_reply set sent_at = clock_timestamp() where reply_id = $1", reply_id)


def message_of(reply: Reply, privacy_address: str) -> EmailMessage:
    """RFC 3834: marked as automatic. Nothing of the mail is repeated in it."""
    subject, english, asunto, spanish = TEXTS[reply.answer]
    due = reply.due_at.strftime("%Y-%m-%d %H:%M") if reply.due_at else ""
    message = EmailMessage()
    message["From"], message["To"] = privacy_address, reply.sender
    message["Subject"] = f"{subject} / {asunto}"
    message["Message-ID"] = f"<{reply.reply_id}@{privacy_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-replied"
    if reply.message_id and MESSAGE_ID.fullmatch(reply.message_id):
        message["In-Reply-To"] = message["References"] = reply.message_id
    body = f"{english.format(due=due)}\n\n---\n\n{spanish.format(due=due)}\n"
    if reply.opt_out_url:
        message["List-Unsubscribe"] = f"<{reply.opt_out_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        body += f"\n{reply.opt_out_url}\n"
    message.set_content(body)
    return message
