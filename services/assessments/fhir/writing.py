"""Questionnaire and QuestionnaireResponse out: R4B, with the link ids that LHC-Forms uses, so that files go there and come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from assessments.fhir import known
from assessments.fhir.r4b import checked
from assessments.fhir.vocabulary import DIFFERS, DIGEST, LOINC, MARK, ORDINAL, PREFIX, RESPONSE, SOURCE
from assessments.instruments.loinc import looks_like_loinc
from assessments.instruments.rules import Choice, Instrument, Item, TotalMethod

Resource = dict[str, Any]
TOTAL = {"en": "Total score", "es": "Puntuación total"}
ANSWERS = "urn:care-connect:answer"
"""The system of answer codes that are not LOINC's: those of satisfaction."""


@dataclass(frozen=True, slots=True)
class Record:
    """A response as it is kept, completed or in progress. No `method`: not scored yet."""

    response_id: UUID
    client_id: UUID
    instrument: Instrument
    answers: Mapping[str, str]
    by_provider: bool
    source: str
    at: datetime
    method: TotalMethod | None
    total: int | None
    severity: str | None
    stated_total_differs: bool


def questionnaire(instrument: Instrument) -> Resource:
    own: list[Resource] = [_question(item) for item in instrument.items]
    codes = {"code": [_loinc(instrument.panel, instrument.title)]} if instrument.panel else {}
    return checked(
        {
            "resourceType": "Questionnaire",
            "id": instrument.digest,
            "language": instrument.language,
            "url": known.form_url(instrument),
            "identifier": [{"system": DIGEST, "value": instrument.digest}],
            "version": instrument.version,
            "name": instrument.name.replace("-", "_").upper(),
            "title": instrument.title,
            "status": "active",
            "subjectType": ["Patient"],
            "copyright": instrument.copyright,
            **codes,
            "item": [{"linkId": "/prompt", "type": "display", "text": instrument.prompt}, *own, *_total_question(instrument)],
        }
    )


def link_id(code: str) -> str:
    return f"/{code}"


def _question(item: Item) -> Resource:
    codes = {"code": [_loinc(item.link_id, item.text)]} if looks_like_loinc(item.link_id) else {}
    question = {"linkId": link_id(item.link_id), **codes, "text": item.text, "required": False, "repeats": False}
    if item.kind == "text":
        return {**question, "type": "text", "maxLength": item.max_length}
    return {**question, "type": "choice", "answerOption": [_option(choice) for choice in item.choices]}


def _option(choice: Choice) -> Resource:
    if choice.score is None:
        return {"valueCoding": coding_of(choice)}
    extensions = [{"url": PREFIX, "valueString": str(choice.score)}, {"url": ORDINAL, "valueDecimal": choice.score}]
    return {"extension": extensions, "valueCoding": coding_of(choice)}


def _total_question(instrument: Instrument) -> list[Resource]:
    """Shown and sent back, and never taken for granted on import."""
    if instrument.total is None:
        return []
    text = TOTAL.get(instrument.language, TOTAL["en"])
    codes = [_loinc(instrument.total, text)]
    return [{"linkId": link_id(instrument.total), "code": codes, "text": text, "type": "decimal", "readOnly": True}]


def coding_of(choice: Choice) -> Resource:
    return {"system": LOINC if choice.code.startswith("LA") else ANSWERS, "code": choice.code, "display": choice.text}


def _loinc(code: str, display: str) -> Resource:
    return {"system": LOINC, "code": code, "display": display}


def questionnaire_response(record: Record) -> Resource:
    instrument = record.instrument
    who = answerer(record)
    return checked(
        {
            "resourceType": "QuestionnaireResponse",
            "id": str(record.response_id),
            "language": instrument.language,
            "meta": {"tag": tags(record)},
            "identifier": identifier(record),
            "questionnaire": f"{known.form_url(instrument)}|{instrument.version}",
            "status": "completed" if record.method else "in-progress",
            "subject": subject(record),
            "authored": record.at.isoformat(),
            "author": who,
            "source": who,
            "item": [*_answers(record), *_total(record)],
        }
    )


def _answers(record: Record) -> Sequence[Resource]:
    given = [item for item in record.instrument.items if item.link_id in record.answers]
    return [{"linkId": link_id(item.link_id), "text": item.text, "answer": [_answer(item, record.answers)]} for item in given]


def _answer(item: Item, answers: Mapping[str, str]) -> Resource:
    return {"valueCoding": coding_of(choice_of(item, answers[item.link_id]))}


def choice_of(item: Item, code: str) -> Choice:
    return next(choice for choice in item.choices if choice.code == code)


def _total(record: Record) -> Sequence[Resource]:
    """Of a complete one only: a form cannot say of a number that it is prorated, the Observation can."""
    instrument = record.instrument
    if instrument.total is None or record.method != "complete":
        return []
    text = TOTAL.get(instrument.language, TOTAL["en"])
    return [{"linkId": link_id(instrument.total), "text": text, "answer": [{"valueDecimal": record.total}]}]


def subject(record: Record) -> Resource:
    """Names the client to whoever knows our id already, and to nobody else."""
    return {"reference": f"urn:uuid:{record.client_id}", "type": "Patient"}


def answerer(record: Record) -> Resource:
    """Who the provider is does not stand in it: that is not needed to read the answers (C17)."""
    return {"type": "Practitioner", "display": "Provider"} if record.by_provider else subject(record)


def identifier(record: Record) -> Resource:
    return {"system": RESPONSE, "value": str(record.response_id)}


def tags(record: Record) -> list[Resource]:
    mark = [{"system": MARK, "code": DIFFERS}] if record.stated_total_differs else []
    return [{"system": SOURCE, "code": record.source}, *mark]
