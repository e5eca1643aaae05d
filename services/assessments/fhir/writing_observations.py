"""The total of a response as an Observation, with the single items as its components, as US Core has screening assessments."""

from uuid import uuid5

from assessments.fhir.r4b import checked
from assessments.fhir.vocabulary import CATEGORY, DATA_ABSENT, LOINC, METHOD, PHQ_9_BANDS, SCORE_UNIT, SEVERITY, UCUM
from assessments.fhir.writing import Record, Resource, answerer, choice_of, coding_of, identifier, questionnaire_response, subject, tags
from assessments.instruments.rules import Item

UNKNOWN = {"coding": [{"system": DATA_ABSENT, "code": "unknown"}]}


def observation(record: Record) -> Resource:
    """Of a completed response to an instrument whose total LOINC has."""
    assert record.instrument.total is not None
    assert record.method is not None
    return checked(
        {
            "resourceType": "Observation",
            "id": str(record.response_id),
            "language": record.instrument.language,
            "meta": {"tag": tags(record)},
            "identifier": [identifier(record)],
            "status": "final",
            "category": [{"coding": [{"system": CATEGORY, "code": "survey"}]}],
            "code": {"coding": [{"system": LOINC, "code": record.instrument.total}], "text": record.instrument.title},
            "subject": subject(record),
            "effectiveDateTime": record.at.isoformat(),
            "performer": [answerer(record)],
            "derivedFrom": [{"reference": f"urn:uuid:{record.response_id}", "type": "QuestionnaireResponse"}],
            "method": {"coding": [{"system": METHOD, "code": record.method}]},
            **_value(record),
            "component": [_component(record, item) for item in record.instrument.items if item.scored or item.link_id in record.answers],
        }
    )


def _value(record: Record) -> Resource:
    """Too many missing answers: no number at all. That of a prorated total is marked by `method`."""
    if record.total is None:
        return {"dataAbsentReason": UNKNOWN}
    quantity = {"value": record.total, "unit": SCORE_UNIT, "system": UCUM, "code": SCORE_UNIT}
    return {"valueQuantity": quantity, "interpretation": [_interpretation(record)]}


def _interpretation(record: Record) -> Resource:
    severity = record.severity or ""
    loinc = PHQ_9_BANDS.get(severity) if record.instrument.name == "phq-9" else None
    return {"coding": [{"system": SEVERITY, "code": severity}, *([{"system": LOINC, "code": loinc}] if loinc else [])]}


def _component(record: Record, item: Item) -> Resource:
    code = {"coding": [{"system": LOINC, "code": item.link_id}], "text": item.text}
    given = record.answers.get(item.link_id)
    if given is None:
        return {"code": code, "dataAbsentReason": UNKNOWN}
    return {"code": code, "valueCodeableConcept": {"coding": [coding_of(choice_of(item, given))]}}


def collection(records: list[Record]) -> Resource:
    """Every response, and the total of those that are completed. Within it they name each other by `fullUrl`."""
    entries: list[Resource] = []
    for record in records:
        entries.append({"fullUrl": f"urn:uuid:{record.response_id}", "resource": questionnaire_response(record)})
        if record.method:
            own = uuid5(record.response_id, "Observation")
            entries.append({"fullUrl": f"urn:uuid:{own}", "resource": observation(record)})
    return bundle("collection", entries)


def bundle(kind: str, entries: list[Resource]) -> Resource:
    """Its resources are checked already. A list must not be empty in FHIR."""
    return {"resourceType": "Bundle", "type": kind, **({"entry": entries} if entries else {})}
