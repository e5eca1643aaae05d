"""What a receipt says: a decision as a consent record (fields of ISO/IEC TS 27560:2023), and an opt-out's proof of propagation. Pure.

The standard's receipt proves that consent was given. Ours also names its line in the ledger, and of a withdrawal each recipient's answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.contracts.consent import Declined, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from consent.decisions.rules import Event
from consent.propagation.rules import STOPS_RELEASE, Receipt, status_of

RECEIPT_TYPE = "consent-receipt+jwt"
PROOF_TYPE = "opt-out-proof+jwt"

EVENT_TYPES: dict[type[Event], str] = {
    OptedIn: "consent_given",
    Declined: "consent_refused",
    OptedOut: "consent_withdrawn",
    SharingNarrowed: "consent_partly_withdrawn",
    SharingSuspended: "consent_suspended",
    SharingResumed: "consent_resumed",
}


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the data, and where to reach them."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    stream: int
    position: int
    digest: bytes


def receipt_of(event: Event, line: LedgerLine, controller: Controller) -> dict[str, Any]:
    """C11: bound to the notice that was shown. The ledger's digest covers every line before it as well."""
    return {
        "schema_version": "ISO/IEC TS 27560:2023",
        "record_id": str(event.event_id),
        "pii_principal_id": str(event.client_id),
        "pii_controllers": [{"name": controller.name, "contact": controller.contact}],
        "jurisdiction": "US",
        "privacy_notice": _notice(event),
        "pii_processing": [_processing(event)],
        "event": _happened(event),
        "ledger": {"stream": line.stream, "position": line.position, "digest": line.digest.hex()},
    }


def proof_of(record: dict[str, Any], receipts: Sequence[Receipt], now: datetime) -> dict[str, Any]:
    """C4, R5: how far an opt-out has come by now, sink by sink. Every registered sink is in it, also one that has not answered."""
    sinks = [
        {
            "sink": str(r.sink),
            "stops_release": r.sink in STOPS_RELEASE,
            "state": "done" if r.done_at else "overdue" if r.overdue else "pending",
            "due_at": _moment(r.due_at),
            "done_at": _moment(r.done_at),
            "records": r.records,
            "evidence": {"source": "reporting", "event_id": str(r.evidence_id), "position": r.evidence_position} if r.evidence_id else None,
        }
        for r in receipts
    ]
    return {**record, "issued_at": _moment(now), "propagation": {"status": str(status_of(receipts)), "sinks": sinks}}


def _notice(event: Event) -> dict[str, Any] | None:
    if not isinstance(event, OptedIn | Declined):
        return None
    return {"version": event.notice_version, "language": event.notice_language, "digest_sha256": event.notice_digest}


def _processing(event: Event) -> dict[str, Any]:
    categories = [str(category) for category in getattr(event, "categories", ())]
    return {
        "service": str(event.programme),
        "purpose": str(event.purpose),
        "lawful_basis": "consent",
        "pii_information": categories,
        "sensitive_pii": "session_frequency" in categories,
        "withdrawn_pii": [str(category) for category in getattr(event, "withdrawn", ())],
        "recipient_third_parties": [str(event.recipient)],
        "withdrawal_method": "portal, e-mail, the link in our e-mails, or staff; at any time and at once",
    }


def _happened(event: Event) -> dict[str, Any]:
    return {
        "event_type": EVENT_TYPES[type(event)],
        "event_time": _moment(event.occurred_at),
        "collection_method": str(event.channel),
        "on_behalf": event.on_behalf.model_dump(mode="json") if event.on_behalf else None,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
