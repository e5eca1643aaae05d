"""A Bundle or a single resource, read: the responses in it, and what is wrong in each, by name. Pure but for R4B."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from assessments.fhir import observations, questionnaire_responses
from assessments.fhir.attributing import Context
from assessments.fhir.composing import Answered
from assessments.fhir.findings import Finding, finding
from assessments.fhir.forms import check_form
from assessments.fhir.observations import is_ours, parts_of, response_of, stated_totals, unsound
from assessments.fhir.questionnaire_responses import ReadResponse
from assessments.fhir.sent import Sent, index, take_apart, weight

MOST_RESPONSES = 200
"""In one request: each is a transaction of its own."""
MOST_VALUES = 50_000
"""In all resources that are about assessments: checking a thousand takes ten milliseconds or so. A filled-in form has about 150."""
MOST_FINDINGS = 50
"""Told of one resource."""
Fate = Literal["response", "refused", "repeated", "form", "part"]
"""`form`: only checked. `part`: it belongs to another one, which it is read with."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`fates`: by resource, of those that are about an assessment; `ignored`: how many there are of each other type."""

    responses: tuple[ReadResponse, ...]
    fates: Mapping[str, Fate]
    findings: tuple[Finding, ...]
    ignored: Mapping[str, int]


DOCUMENTS = ("Questionnaire", "QuestionnaireResponse")
TOO_MANY = Reading((), {}, (finding("Bundle", "entry", "too_many"),), {})


def read_bundle(payload: object, client_id: UUID, now: datetime, subject: str | None = None) -> Reading:
    """`subject`: what the sender calls this client, beside `urn:uuid:` and `Patient/` with our id."""
    sent, findings = take_apart(payload)
    subjects = {f"urn:uuid:{client_id}", f"Patient/{client_id}", f"patient/{client_id}"} | ({subject} if subject else set())
    context = Context(client_id, frozenset(subjects), now, index(sent))
    panels = {one.label: one for one in sent if is_ours(one)}
    if sum(weight(one.body) for one in sent if one.kind in DOCUMENTS or one.label in panels) > MOST_VALUES:
        return TOO_MANY
    within = frozenset(part.label for panel in panels.values() for part in parts_of(panel, context)[0])
    derived = {label: response_of(one, context) for label, one in panels.items()}
    reads: list[ReadResponse] = []
    fates: dict[str, Fate] = {}
    for one in sent:
        if one.kind == "Questionnaire":
            fates[one.label] = "form"
            findings += check_form(one)[:MOST_FINDINGS]
        elif one.kind == "QuestionnaireResponse":
            beside = _beside(one, panels, derived, context)
            _take(one.label, questionnaire_responses.read_response(one, context, beside), reads, fates, findings)
        elif one.label in within or derived.get(one.label) is not None:
            fates[one.label] = "part"
            findings += [] if one.label in within else unsound(one, context)[:MOST_FINDINGS]
        elif one.label in panels:
            _take(one.label, _read_observation(one, context), reads, fates, findings)
    if len(reads) > MOST_RESPONSES:
        return TOO_MANY
    return Reading(tuple(reads), fates, tuple(findings), Counter(one.kind for one in sent if one.label not in fates))


def _beside(response: Sent, panels: Mapping[str, Sent], derived: Mapping[str, Sent | None], context: Context) -> list[Answered]:
    """The totals of the sound observations that were derived from this response."""
    own = [panel for label, panel in panels.items() if derived[label] is response and not unsound(panel, context)]
    return [total for panel in own for total in stated_totals(panel)]


def _read_observation(one: Sent, context: Context) -> tuple[ReadResponse | None, list[Finding]]:
    if observations.is_single_item(one):
        return None, [finding(one.label, "", "items_without_panel")]
    return observations.read_panel(one, context)


def _take(
    label: str,
    result: tuple[ReadResponse | None, list[Finding]],
    reads: list[ReadResponse],
    fates: dict[str, Fate],
    findings: list[Finding],
) -> None:
    read, found = result
    findings += found[:MOST_FINDINGS]
    if read is None:
        fates[label] = "refused"
        return
    identified = replace(read, imported=replace(read.imported, source_id=_identity(read)))
    if identified.imported.source_id in {earlier.imported.source_id for earlier in reads}:
        fates[label] = "repeated"
        findings.append(finding(label, "", "repeated"))
        return
    fates[label] = "response"
    reads.append(identified)


def _identity(read: ReadResponse) -> str:
    """The same answers of the same moment are the same response, whichever file brings them; ids are the senders' own, and no string
    of theirs is kept (C13)."""
    what = [read.imported.instrument.name, read.moment.isoformat(), sorted(read.imported.answers.items())]
    return sha256(json.dumps(what).encode()).hexdigest()
