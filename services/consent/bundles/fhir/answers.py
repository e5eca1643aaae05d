"""What the client answered, what came of it, and flags that were raised. Rows of assessments."""

import re
from collections.abc import Iterator
from typing import Any

from consent.bundles.fhir.elements import LOINC, TERMINOLOGY, UCUM, Resource, coding, concept, identified, made_from, own, reference
from consent.bundles.fhir.known import Known
from consent.bundles.records import Row

TOTALS = {"phq-9": "44261-6", "gad-7": "70274-6"}
"""LOINC of the total scores."""
WORDS = frozenset({"comment"})
"""Items that ask for words; every other one is answered by a code."""
LOINC_ANSWER = re.compile(r"LA\d+-\d")
QR_STATES = {"in_progress": "in-progress", "completed": "completed", "entered_in_error": "entered-in-error"}
SCORE_UNIT = "{score}"


def response(row: Row, known: Known) -> Iterator[Resource]:
    """The single answers; and the total, where it is completed."""
    state = QR_STATES.get(str(row.get("state")), "completed")
    answers = row.get("answers")
    yield {
        "resourceType": "QuestionnaireResponse",
        "id": row.get("response_id"),
        "identifier": {"system": own("response"), "value": row.get("source_id") or row.get("response_id")},
        "questionnaire": f"{own('questionnaire')}:{row.get('instrument')}|{row.get('instrument_version')}",
        "status": state,
        "subject": known.patient,
        "authored": row.get("completed_at") or row.get("saved_at"),
        "author": known.patient if row.get("answered_by") == "client" else identified("provider", row.get("answered_by_id")),
        "source": known.patient,
        "item": [_item(link_id, given) for link_id, given in answers.items()] if isinstance(answers, dict) else None,
    }
    if row.get("completed_at"):
        yield _total(row, known, "final" if state == "completed" else "entered-in-error")


def _item(link_id: str, given: Any) -> Resource:
    """Asked and not answered: an item without an answer."""
    said = None if given is None else str(given)
    if said is None or not said.strip():
        return {"linkId": link_id}
    if link_id in WORDS:
        return {"linkId": link_id, "answer": [{"valueString": said}]}
    system = LOINC if LOINC_ANSWER.fullmatch(said) else own("answer")
    return {"linkId": link_id, "answer": [{"valueCoding": coding(system, said)}]}


def _total(row: Row, known: Known, status: str) -> Resource:
    instrument, total = str(row.get("instrument")), row.get("total")
    code = concept(LOINC, TOTALS[instrument]) if instrument in TOTALS else concept(own("question"), instrument)
    quantity = {"value": total, "unit": SCORE_UNIT, "system": UCUM, "code": SCORE_UNIT}
    return {
        "resourceType": "Observation",
        "id": made_from("Observation", row.get("response_id")),
        "status": status,
        "category": [concept(f"{TERMINOLOGY}/observation-category", "survey")],
        "code": code,
        "subject": known.patient,
        "effectiveDateTime": row.get("completed_at"),
        "valueQuantity": None if total is None else quantity,
        "dataAbsentReason": concept(f"{TERMINOLOGY}/data-absent-reason", "unknown") if total is None else None,
        "method": concept(own("total-method"), row.get("total_method")),
        "interpretation": [concept(own("severity"), row.get("severity"))],
        "derivedFrom": [reference(row.get("response_id"))],
    }


def safety_flag(row: Row, known: Known) -> Iterator[Resource]:
    yield {
        "resourceType": "Flag",
        "id": row.get("flag_id"),
        "status": "inactive" if row.get("acknowledged_at") else "active",
        "category": [concept(f"{TERMINOLOGY}/flag-category", "safety")],
        "code": {"coding": [coding(own("safety-flag"), row.get("instrument"), row.get("item"))]},
        "subject": known.patient,
        "period": {"start": row.get("raised_at"), "end": row.get("acknowledged_at")},
        "author": identified("service", "assessments"),
        "extension": [
            {"url": own("raised-by"), "valueReference": known.reference("assessments", "assessment_response", row.get("response_id"))}
        ]
        if known.reference("assessments", "assessment_response", row.get("response_id"))
        else None,
    }
