"""What the tests of FHIR have in common: one client, one moment, forms that are filled in, and records as they are kept."""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from assessments.fhir.reading import Reading, read_bundle
from assessments.fhir.writing import Record
from assessments.instruments import catalogue
from assessments.instruments.rules import Instrument, score

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLIENT = UUID("3d0f2b7a-52a5-4e3e-9a51-0b8a2f1c9d44")
RESPONSE = UUID("7b1c9f52-64de-4c56-9a0c-1d1f7e6a2b10")
CLINICAL = [instrument for instrument in catalogue.published() if instrument.panel]
PHQ_9, GAD_7 = catalogue.newest("phq-9"), catalogue.newest("gad-7")
CODES = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
Json = dict[str, Any]

needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public forms are not beside this checkout (README: what is skipped)")


def load(path: Path) -> Json:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        found: Json = json.load(file)
    return found


def read(sent: object, subject: str | None = None) -> Reading:
    return read_bundle(sent, CLIENT, NOW, subject)


def codes(reading: Reading) -> list[str]:
    return sorted(found.code for found in reading.findings)


def answers_of(instrument: Instrument, values: list[int | None]) -> dict[str, str]:
    scored = [item.link_id for item in instrument.items if item.scored]
    return {link_id: CODES[value] for link_id, value in zip(scored, values, strict=True) if value is not None}


def kept(instrument: Instrument, answers: Mapping[str, str], by_provider: bool = False, differs: bool = False) -> Record:
    found = score(instrument, answers)
    return Record(RESPONSE, CLIENT, instrument, answers, by_provider, "form", NOW, found.total_method, found.total, found.severity, differs)


def response(items: list[Json], **more: Any) -> Json:
    """As others send it."""
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": {"reference": f"urn:uuid:{CLIENT}"},
        "authored": "2026-11-20T09:30:00-05:00",
        "item": items,
        **more,
    }


def item(code: str, answer: str | None = "LA6569-3", **more: Any) -> Json:
    given = {"answer": [{"valueCoding": {"system": "http://loinc.org", "code": answer}}]} if answer else {}
    return {"linkId": f"/{code}", **given, **more}


def items(instrument: Instrument, answer: str = "LA6569-3") -> list[Json]:
    return [item(one.link_id, answer) for one in instrument.items if one.scored]


def bundle(*resources: Json, kind: str = "collection") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]}


def questions(form: Json) -> Iterator[Json]:
    yield from _questions(form["item"])


def _questions(listed: list[Json]) -> Iterator[Json]:
    for one in listed:
        if one.get("type") not in ("group", "display"):
            yield one
        yield from _questions(one.get("item", []))


def filled(form: Json, answers: Mapping[str, str]) -> Json:
    """The form's own link ids; the questionnaire goes along inside."""
    given = [
        item_of(one["linkId"], answers[one["code"][0]["code"]])
        for one in questions(form)
        if one.get("code") and one["code"][0]["code"] in answers
    ]
    return response(given, questionnaire="#form", contained=[{**_without_contained(form), "id": "form"}])


def _without_contained(form: Json) -> Json:
    """Nothing that is contained contains anything itself in FHIR."""
    return {name: value for name, value in form.items() if name != "contained"}


def item_of(link_id: str, answer: str) -> Json:
    return {"linkId": link_id, "answer": [{"valueCoding": {"system": "http://loinc.org", "code": answer}}]}
