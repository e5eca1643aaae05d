"""What was said: notices to the client, mails to us."""

from collections.abc import Iterator

from consent.bundles.fhir.elements import Resource, concept, identified, own
from consent.bundles.fhir.known import Known
from consent.bundles.records import Row


def notification(row: Row, known: Known) -> Iterator[Resource]:
    """What was written is made from its template when it is read. Providers are told of a client's appointments too."""
    kind = row.get("recipient_kind", "client")
    yield {
        "resourceType": "Communication",
        "id": row.get("notification_id"),
        "status": "completed",
        "topic": concept(own("notice-template"), row.get("template")),
        "subject": known.patient,
        "sender": {"display": known.network},
        "recipient": [known.patient if kind == "client" else identified(str(kind), row.get("recipient_id"))],
        "sent": row.get("created_at"),
        "received": row.get("read_at"),
        "medium": [concept(own("medium"), "mail" if row.get("mailed_at") else "inbox")],
    }


def mail(row: Row, known: Known) -> Iterator[Resource]:
    """Whether it is the client's own is what `authenticated` in the records says."""
    text, subject = row.get("text"), row.get("subject")
    yield {
        "resourceType": "Communication",
        "id": row.get("mail_id"),
        "status": "completed",
        "topic": {"text": subject},
        "subject": known.patient,
        "sender": identified("mail-address", row.get("sender"), row.get("sender")),
        "recipient": [{"display": known.network}],
        "received": row.get("received_at"),
        "medium": [concept(own("medium"), "mail")],
        "payload": [{"contentString": text}],
    }
