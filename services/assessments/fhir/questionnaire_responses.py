"""A QuestionnaireResponse, read. Pure but for R4B."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from assessments.fhir import attributing, known, naming, r4b
from assessments.fhir.attributing import Context
from assessments.fhir.composing import Answered, Composed, compose
from assessments.fhir.findings import Finding, finding, refused
from assessments.fhir.forms import Form, read_form, walk
from assessments.fhir.naming import Named
from assessments.fhir.sent import Json, Sent, contained, index, mapping, mappings, numbered, text
from assessments.fhir.vocabulary import FORM_URL, RESPONSE
from assessments.instruments.rules import Instrument
from assessments.responses.rules import Imported
from common.contracts.assessments import AnsweredBy

NO_FORM = Form({}, frozenset(), None)


@dataclass(frozen=True, slots=True)
class ReadResponse:
    """`moment`: when it was answered, as it says itself. `ours`: the id that we gave it, where it comes from an export of ours."""

    resource: str
    imported: Imported
    moment: datetime
    ours: UUID | None = None


def read_response(one: Sent, context: Context, stated: list[Answered]) -> tuple[ReadResponse | None, list[Finding]]:
    """`stated`: totals of this response that came beside it."""
    findings = [finding(one.label, path, "not_r4b", what) for path, what in r4b.faults(one.body)]
    findings += attributing.check(one, context)
    at, wrong = attributing.moment_of(one, ("authored",), context.now)
    findings += wrong
    form, chosen, said = _form_of(one, context)
    findings += said
    language = text(one.body.get("language")) or form.language or "en"
    composed = compose(one.label, [*answered(one, form), *stated], form.names, chosen, language)
    findings += composed.findings
    who = attributing.answered_by(one.body, ("source", "author"), context)
    return made_of(one, composed, at, who, context) if not refused(findings) else None, findings


def made_of(one: Sent, composed: Composed, at: datetime | None, who: AnsweredBy, context: Context) -> ReadResponse | None:
    """None where there is nothing to make it of. Its `source_id` is told by whoever sees all that was sent."""
    if at is None or composed.instrument is None:
        return None
    answers, stated = dict(composed.answers), composed.stated_total
    imported = Imported(context.client_id, composed.instrument, answers, min(at, context.now), who, "", stated)
    return ReadResponse(one.label, imported, at, our_id(one.body.get("identifier")))


def answered(one: Sent, form: Form) -> list[Answered]:
    return [each for path, item in walk(one.body.get("item"), "item") for each in _answers(one.label, path, item, form)]


def _answers(label: str, path: str, item: Json, form: Form) -> list[Answered]:
    named = _named(item, form)
    found = []
    for place, answer in numbered(item.get("answer")):
        for kind, value in answer.items():
            if kind.startswith("value") and value is not None:
                found.append(Answered(label, f"{path}.answer[{place}]", named.code, kind, value, named.finding))
    return found


def _named(item: Json, form: Form) -> Named:
    link_id, wording = text(item.get("linkId")), text(item.get("text"))
    by_form = form.items.get(link_id or "")
    if by_form is None or by_form.code is None:
        return by_form or naming.name_item(link_id, [], wording)
    return naming.name_item(link_id, [by_form.code], wording)


def _form_of(one: Sent, context: Context) -> tuple[Form, Instrument | None, list[Finding]]:
    """The questionnaire that it answers, where it was sent along or is one of ours; else its items speak for themselves."""
    canonical = text(one.body.get("questionnaire")) or ""
    url = canonical.split("|")[0]
    sent = index(contained(one)).get(url) or context.resources.get(url) or context.resources.get("/".join(url.split("/")[-2:]))
    if sent and sent.kind == "Questionnaire":
        return read_form(sent), None, []
    if url.startswith(FORM_URL):
        ours = known.by_canonical().get(canonical)
        return NO_FORM, ours, [] if ours else [finding(one.label, "questionnaire", "unknown_version")]
    panel = known.name_by_panel().get(url.rsplit("/", 1)[-1])
    return (Form({}, frozenset({panel}), None) if panel else NO_FORM), None, []


def our_id(identifiers: object) -> UUID | None:
    """QuestionnaireResponse has one identifier, Observation a list of them."""
    for identifier in [mapping(identifiers), *mappings(identifiers)]:
        if identifier.get("system") == RESPONSE:
            try:
                return UUID(text(identifier.get("value")) or "")
            except ValueError:
                return None
    return None
