"""What the client decided, what left, and what was taken back."""

from collections.abc import Iterator

from consent.bundles.decisions import Decision
from consent.bundles.fhir.elements import LOINC, TERMINOLOGY, Resource, coding, concept, identified, listed, own, reference
from consent.bundles.fhir.known import Known
from consent.bundles.records import Row

RECALLS = {"attested": "completed", "acknowledged": "accepted", "sent": "requested", "requested": "ready"}


def consent(decision: Decision, known: Known) -> Resource:
    """One for each decision; only the one that stands, and shares, is active."""
    said = decision.said
    notice = said.get("notice_digest")
    return {
        "resourceType": "Consent",
        "id": decision.decision_id,
        "status": "active" if decision.shares else "rejected" if decision.kind == "consent_refused" else "inactive",
        "scope": concept(f"{TERMINOLOGY}/consentscope", "patient-privacy"),
        "category": [concept(LOINC, "59284-0"), concept(own("decision"), decision.kind), concept(own("programme"), said.get("programme"))],
        "patient": known.patient,
        "dateTime": said.get("occurred_at"),
        "organization": [{"display": known.network}],
        "policy": [{"uri": f"{own('notice')}:{notice or 'none'}"}],
        "provision": {
            "type": "permit" if said.get("categories") else "deny",
            "actor": [
                {
                    "role": concept(f"{TERMINOLOGY}/v3-ParticipationType", "IRCP"),
                    "reference": identified("recipient", said.get("recipient")),
                }
            ],
            "purpose": [coding(own("purpose"), said.get("purpose"))],
            "code": [concept(own("category"), category) for category in listed(said.get("categories"))],
        },
    }


def disclosure(entry: Row, known: Known) -> Resource:
    """An entry of the accounting (45 CFR 164.528)."""
    kinds, records = listed(entry.get("kinds")), entry.get("records")
    details = {
        "legal_basis": entry.get("legal_basis"),
        "records": records,
        "kinds": " ".join(map(str, kinds)),
        "recall": entry.get("recall"),
    }
    return {
        "resourceType": "AuditEvent",
        "id": entry.get("entry_id"),
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106", "display": "Export"},
        "subtype": [coding(own("path"), entry.get("path"))],
        "action": "R",
        "recorded": entry.get("disclosed_at"),
        "outcome": "0" if entry.get("outcome", "released") == "released" else "4",
        "purposeOfEvent": [concept(own("purpose"), entry.get("purpose"))],
        "agent": [
            {
                "type": concept(f"{TERMINOLOGY}/v3-ParticipationType", "IRCP"),
                "who": {"display": entry.get("recipient_name")},
                "name": entry.get("recipient_address"),
                "requestor": True,
            }
        ],
        "source": {"observer": {"display": known.network}},
        "entity": [
            {
                "what": known.patient,
                "detail": [{"type": name, "valueString": str(value)} for name, value in details.items() if value not in (None, "")],
            }
        ],
    }


def recall_state(row: Row) -> str:
    """As its recipient's answers say it."""
    told = (("attested_at", "attested"), ("acknowledged_at", "acknowledged"), ("sent_at", "sent"))
    return next((state for column, state in told if row.get(column)), "requested")


def recall(row: Row, known: Known, decisions: frozenset[str]) -> Iterator[Resource]:
    state = recall_state(row)
    yield {
        "resourceType": "Task",
        "id": row.get("recall_id"),
        "status": RECALLS[state],
        "businessStatus": concept(own("recall"), state),
        "intent": "order",
        "code": concept(own("task"), "recall"),
        "focus": reference(row["decision_id"]) if str(row.get("decision_id")) in decisions else None,
        "for": known.patient,
        "authoredOn": row.get("created_at"),
        "lastModified": row.get("attested_at") or row.get("acknowledged_at") or row.get("sent_at"),
        "owner": identified("plan", row.get("plan_id")),
        "executionPeriod": {"start": row.get("sent_at"), "end": row.get("attested_at")},
    }
