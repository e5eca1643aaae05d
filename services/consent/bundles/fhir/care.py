"""Who the client is, how they are covered, and the way to their sessions. Rows of scheduling."""

from collections.abc import Iterator

from consent.bundles.fhir.elements import TERMINOLOGY, Resource, concept, identified, listed, made_from, own, reference
from consent.bundles.fhir.known import Known
from consent.bundles.records import Row

TIME_ZONE = "http://hl7.org/fhir/StructureDefinition/timezone"
GENDERS = {"female": "female", "male": "male", "other": "other"}
REQUESTS = {"declined": "revoked", "withdrawn": "revoked", "not_a_good_fit": "revoked", "ended": "completed"}
"""Every other state is on its way: `active`."""
APPOINTMENTS = {"scheduled": "booked", "held": "fulfilled", "cancelled": "cancelled", "missed": "noshow"}


def patient(known: Known) -> Resource:
    """There is one, whatever is known of them: everything else refers to it."""
    row: Row = next(iter(known.rows("scheduling", "client")), {})
    mails = [contact.get("email") for contact in known.rows("scheduling", "contact") if contact.get("kind", "client") == "client"]
    return {
        "resourceType": "Patient",
        "id": known.client,
        "identifier": [
            {"system": own("client"), "value": known.client},
            {"system": own("member"), "value": row.get("member_id")} if row.get("member_id") else None,
        ],
        "telecom": [{"system": "email", "value": mail} for mail in mails if mail],
        "gender": (GENDERS.get(str(row["sex"]), "unknown") if row.get("sex") else None),
        "birthDate": row.get("birth_date"),
        "address": [{"state": row["state"], "country": "US"}] if row.get("state") else None,
        "communication": [{"language": concept("urn:ietf:bcp:47", row.get("language")), "preferred": True}]
        if row.get("language")
        else None,
        "extension": [{"url": TIME_ZONE, "valueCode": row["time_zone"]}] if row.get("time_zone") else None,
    }


def coverage(row: Row, known: Known) -> Iterator[Resource]:
    yield {
        "resourceType": "Coverage",
        "id": row.get("period_id"),
        "status": "cancelled" if row.get("superseded_at") else "active",
        "type": concept(own("programme"), row.get("programme")),
        "beneficiary": known.patient,
        "period": {"start": row.get("starts_on"), "end": row.get("ends_on")},
        "payor": [identified("plan", row.get("plan_id"))],
        "policyHolder": identified("employer", row.get("employer_id")),
    }


def consultation_request(row: Row, known: Known) -> Iterator[Resource]:
    yield {
        "resourceType": "ServiceRequest",
        "id": row.get("request_id"),
        "status": REQUESTS.get(str(row.get("state")), "active"),
        "intent": "order",
        "category": [concept(own("programme"), row.get("programme"))],
        "code": concept(own("request"), "consultation"),
        "orderDetail": [concept(own("specialty"), specialty) for specialty in listed(row.get("specialties"))],
        "reasonCode": [concept(own("decline-reason"), row.get("decline_reason"))],
        "subject": known.patient,
        "requester": known.patient,
        "performer": [identified("provider", row.get("provider_id"))],
        "authoredOn": row.get("requested_at"),
        "extension": [{"url": own("request-state"), "valueCode": row.get("state")}] if row.get("state") else None,
    }


def episode(row: Row, known: Known) -> Iterator[Resource]:
    yield {
        "resourceType": "EpisodeOfCare",
        "id": row.get("episode_id"),
        "status": "finished" if row.get("ended_at") else "active",
        "type": [concept(own("programme"), row.get("programme"))],
        "patient": known.patient,
        "period": {"start": row.get("sought_at"), "end": row.get("ended_at")},
    }


def appointment(row: Row, known: Known) -> Iterator[Resource]:
    """Beside it the encounter, where it took place."""
    own_id, request_id = row.get("appointment_id"), row.get("request_id")
    provider = identified("provider", row.get("provider_id"))
    yield {
        "resourceType": "Appointment",
        "id": own_id,
        "status": APPOINTMENTS.get(str(row.get("state")), "booked"),
        "appointmentType": concept(own("appointment-kind"), row.get("kind")),
        "serviceCategory": [concept(own("programme"), row.get("programme"))],
        "start": row.get("starts_at"),
        "end": row.get("ends_at"),
        "created": row.get("scheduled_at"),
        "basedOn": [known.reference("scheduling", "consultation_request", request_id)],
        "participant": [
            {"actor": known.patient, "status": "accepted"},
            {"actor": provider, "status": "accepted"} if provider else None,
        ],
    }
    if row.get("held_on"):
        yield {
            "resourceType": "Encounter",
            "id": made_from("Encounter", own_id),
            "status": "finished",
            "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "VR"},
            "subject": known.patient,
            "participant": [{"individual": provider}] if provider else None,
            "appointment": [reference(own_id)],
            "period": {"start": row["held_on"]},
        }
