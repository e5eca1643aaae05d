"""One answer, as a FHIR `value[x]`, read as the code that the instrument has for it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from assessments.fhir import known
from assessments.fhir.sent import Json, mapping, mappings, text
from assessments.fhir.vocabulary import DATA_ABSENT, LOINC_SYSTEMS, SCORE_UNITS, UCUM, plain
from assessments.instruments.rules import Item, read_answer
from common.problems import Problem


@dataclass(frozen=True, slots=True)
class Read:
    """The answer's code, or the name of what is wrong with it; both where it is read and something is to be said."""

    code: str | None
    finding: str | None = None


UNKNOWN = Read(None, "unknown_answer")
DECLINED = Read(None, "declined")


def value_of(holder: Json) -> tuple[str, object] | None:
    """Its `value[x]`, of whatever type."""
    found = [(kind, value) for kind, value in holder.items() if kind.startswith("value") and value is not None]
    return found[0] if found else None


def read_value(item: Item, kind: str, value: object) -> Read:
    if kind == "valueCoding":
        return _of_codings(item, [mapping(value)])
    if kind == "valueCodeableConcept":
        concept = mapping(value)
        codings = mappings(concept.get("coding"))
        return _of_codings(item, codings) if codings else _of_wording(item, concept.get("text"))
    if kind in ("valueInteger", "valueDecimal", "valueQuantity"):
        number, wrong = number_of(kind, value)
        return Read(None, wrong) if wrong or number is None else _of_number(item, number)
    return _of_wording(item, value) if kind == "valueString" else UNKNOWN


def number_of(kind: str, value: object) -> tuple[float | None, str | None]:
    """A number, or what is wrong with it. A truth value is an integer to Python, and none here."""
    if kind == "valueQuantity":
        quantity = mapping(value)
        if not _is_score(quantity):
            return None, "wrong_unit"
        value = quantity.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not -1000 < value < 1000:
        return None, "unknown_answer"
    return float(value), None


def _is_score(quantity: Json) -> bool:
    """A comparator would make the number a bound, not a score."""
    said = [quantity.get("unit"), quantity.get("code")]
    return quantity.get("system") in (None, UCUM) and "comparator" not in quantity and all(u is None or str(u) in SCORE_UNITS for u in said)


def _of_number(item: Item, number: float) -> Read:
    if not number.is_integer():
        return UNKNOWN
    code = _choice(item, int(number))
    return Read(code) if code else UNKNOWN


def _choice(item: Item, given: str | int) -> str | None:
    try:
        return read_answer(item, given)
    except Problem:
        return None


def _of_wording(item: Item, value: object) -> Read:
    said = text(value)
    code = known.answers_by_wording(item.link_id).get(plain(said)) if said else None
    return Read(code) if code else UNKNOWN


def _of_codings(item: Item, codings: Sequence[Json]) -> Read:
    """Codings of other systems stand beside LOINC's and are passed over; those of LOINC must agree."""
    ours = [coding for coding in codings if coding.get("system") in (None, *LOINC_SYSTEMS)]
    if not ours:
        return DECLINED if any(coding.get("system") == DATA_ABSENT for coding in codings) else UNKNOWN
    reads = [_of_coding(item, coding) for coding in ours]
    wrong = next((read for read in reads if read.code is None), None)
    if wrong:
        return wrong
    return reads[0] if len({read.code for read in reads}) == 1 else Read(None, "answer_contradicts_itself")


def _of_coding(item: Item, coding: Json) -> Read:
    sent = text(coding.get("code"))
    code = _choice(item, sent) if sent else None
    if code is None:
        return Read(None, "answer_of_another_item") if sent in known.answer_codes() else UNKNOWN
    display = text(coding.get("display"))
    said = known.answers_by_wording(item.link_id).get(plain(display)) if display else None
    if said not in (None, code):
        return Read(None, "answer_contradicts_itself")
    return Read(code, None if sent == code else "alias_read")
