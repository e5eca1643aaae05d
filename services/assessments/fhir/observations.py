"""Observations: a panel or total with its items, as components or as members. Pure but for R4B."""

from collections.abc import Iterator, Sequence

from assessments.fhir import attributing, known, naming, r4b
from assessments.fhir.answers import value_of
from assessments.fhir.attributing import Context
from assessments.fhir.composing import Answered, compose
from assessments.fhir.findings import Finding, finding, refused
from assessments.fhir.questionnaire_responses import ReadResponse, made_of
from assessments.fhir.sent import Json, Sent, contained, index, loinc_codes, mapping, mappings, numbered, reference_of, text
from assessments.fhir.vocabulary import OTHER_INSTRUMENTS, PHQ_PANEL, is_cms_item
from assessments.instruments.loinc import has_check_digit, looks_like_loinc

MOMENTS = ("effectiveDateTime", "effectiveInstant")
DECLINED = "valueCodeableConcept"


def codes_of(holder: Json) -> list[str]:
    return loinc_codes(mapping(holder.get("code")).get("coding"))


def is_ours(one: Sent) -> bool:
    """Whether it, or a part of it, is about one of the instruments, or is what is often mistaken for that."""
    holders = [one.body, *mappings(one.body.get("component"))]
    return one.kind == "Observation" and any(_is_ours(code) for holder in holders for code in codes_of(holder))


def _is_ours(code: str) -> bool:
    known_code = code in known.names_by_item() or code in known.name_by_total() or code in known.name_by_panel()
    mistaken = code in OTHER_INSTRUMENTS or code == PHQ_PANEL or is_cms_item(code)
    return known_code or mistaken or _is_miswritten(code)


def _is_miswritten(code: str) -> bool:
    return looks_like_loinc(code) and not has_check_digit(code) and bool(naming.meant_by(code))


def parts_of(one: Sent, context: Context) -> tuple[list[Sent], list[Finding]]:
    """Its members, and the observations that a total says it is derived from."""
    inside = index(contained(one))
    members, findings = [], []
    for field in ("hasMember", "derivedFrom"):
        for place, pointed in numbered(one.body.get(field)):
            reference = reference_of(pointed) or ""
            target = inside.get(reference) or context.resources.get(reference)
            if target is not None and target.kind == "Observation" and target is not one:
                members.append(target)
            elif field == "hasMember" and target is None:
                findings.append(finding(one.label, f"hasMember[{place}]", "member_not_found"))
    return members, findings


def response_of(one: Sent, context: Context) -> Sent | None:
    """The QuestionnaireResponse that it was derived from, where that was sent with it."""
    references = [reference_of(pointed) or "" for pointed in mappings(one.body.get("derivedFrom"))]
    found = [context.resources[reference] for reference in references if reference in context.resources]
    return next((target for target in found if target.kind == "QuestionnaireResponse"), None)


def unsound(one: Sent, context: Context) -> list[Finding]:
    """What is wrong with the resource itself, whatever its answers are."""
    if one.label not in context.flaws:
        found = [finding(one.label, path, "not_r4b", what) for path, what in r4b.faults(one.body)]
        context.flaws[one.label] = found + attributing.check(one, context)
    return context.flaws[one.label]


def stated_totals(one: Sent) -> list[Answered]:
    return [answer for answer in answered(one) if answer.code in known.name_by_total()]


def answered(one: Sent) -> list[Answered]:
    """Its own value, and those of its components."""
    holders = [("", one.body), *((f"component[{place}]", part) for place, part in numbered(one.body.get("component")))]
    return [each for path, holder in holders for each in _answered(one.label, path, holder)]


def _answered(label: str, path: str, holder: Json) -> Iterator[Answered]:
    codes = codes_of(holder)
    named = naming.name_item(None, codes, text(mapping(holder.get("code")).get("text")))
    value = value_of(holder)
    if value is None and holder.get("dataAbsentReason") and named.code in known.names_by_item():
        value = DECLINED, holder["dataAbsentReason"]
    if value and (codes or named.code):
        yield Answered(label, path, named.code, *value, named.finding)


def read_panel(one: Sent, context: Context) -> tuple[ReadResponse | None, list[Finding]]:
    members, findings = parts_of(one, context)
    findings += [found for part in (one, *filter(is_ours, members)) for found in unsound(part, context)]
    at, wrong = attributing.moment_of(one, MOMENTS, context.now)
    findings += wrong
    given = _own(one, [each for part in (one, *members) for each in answered(part)])
    named = frozenset(known.name_by_panel()[code] for code in codes_of(one.body) if code in known.name_by_panel())
    composed = compose(one.label, given, named, None, text(one.body.get("language")) or "en")
    findings += composed.findings
    who = attributing.answered_by(one.body, ("performer",), context)
    return made_of(one, composed, at, who, context) if not refused(findings) else None, findings


def _own(one: Sent, given: Sequence[Answered]) -> list[Answered]:
    """A panel's own value has the panel's code: a total, or an interpretation; only the total of its instrument is read."""
    return [each for each in given if each.code not in known.name_by_panel()]


def is_single_item(one: Sent) -> bool:
    """An item that stands alone: no panel, no total, no parts."""
    codes = codes_of(one.body)
    alone = not mappings(one.body.get("component")) and not mappings(one.body.get("hasMember"))
    return alone and any(code in known.names_by_item() for code in codes)
