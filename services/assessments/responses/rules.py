"""A response to an instrument: the answers, given one by one or in one go, and the score that follows from them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from assessments.assignments.rules import Assignment
from assessments.instruments.rules import Instrument, Score, TotalMethod, flags_on_saving, read_answer
from common.contracts.assessments import AnsweredBy
from common.contracts.vocabulary import Programme
from common.never_kept import mask_ssns
from common.problems import Problem

Source = Literal["form", "portal", "fhir"]
"""Where the answers came from: our own page, another's portal over the API, or a FHIR document."""
Given = str | int | None
SATISFACTION = "satisfaction"
SCORING_VERSION = 1
"""Of the operators in `instruments.rules`; what an instrument itself says is told by its digest."""


class AssessmentResponse(BaseModel):
    """What is shown of a completed response: its score. The answers are kept, and published nowhere."""

    model_config = ConfigDict(frozen=True)

    response_id: UUID
    client_id: UUID
    programme: Programme
    assignment_id: UUID | None = None
    """Absent where it was answered unasked."""
    episode_id: UUID | None = None
    instrument: str
    instrument_version: str
    language: str
    answered: int
    raw_sum: int
    total: int | None
    total_method: TotalMethod
    severity: str | None
    completed_at: datetime
    answered_by: AnsweredBy
    source: Source
    stated_total: float | None = None
    """What the sender of a FHIR document said the total is. Ours is `total`."""
    stated_total_differs: bool = False


class SingleAnswers(AssessmentResponse):
    """The same with its single answers, for the client and the provider who takes care of them."""

    answers: dict[str, str]
    """Answer code by item; a text where the item asks for one."""


class Submission(BaseModel):
    """What was handed in."""

    model_config = ConfigDict(frozen=True)

    assignment_id: UUID
    submitted_at: datetime
    responses: tuple[AssessmentResponse, ...]


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who fills it in: the client, or a provider on the client's behalf."""

    role: AnsweredBy
    id: UUID


@dataclass(frozen=True, slots=True)
class Draft:
    """A response as it is recorded, in progress or completed: the answers, read by the instrument, and where they come from."""

    response_id: UUID
    client_id: UUID
    programme: Programme
    assignment_id: UUID | None
    episode_id: UUID | None
    instrument: str
    instrument_version: str
    instrument_digest: str | None
    """Absent on rows from before digests were recorded."""
    language: str
    answers: Mapping[str, str]
    answered_by: AnsweredBy
    answered_by_id: UUID
    source: Source
    started_at: datetime
    saved_at: datetime
    completed_at: datetime | None = None
    source_id: str | None = None
    stated_total: float | None = None

    @property
    def submitted(self) -> bool:
        return self.completed_at is not None

    @property
    def place(self) -> "Place":
        return Place(self.client_id, self.programme, self.assignment_id, self.episode_id)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose response it is, and to what it is the answer."""

    client_id: UUID
    programme: Programme
    assignment_id: UUID | None = None
    episode_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One instrument of an assignment, and how far it is answered."""

    instrument: Instrument
    answers: Mapping[str, str]
    submitted: bool


@dataclass(frozen=True, slots=True)
class Progress:
    assignment: Assignment
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole form as it came in, read by the instrument: answer code by item."""

    client_id: UUID
    instrument: Instrument
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Imported:
    """A response from another system. `source_id` is that system's own id: the same again is the same response."""

    client_id: UUID
    instrument: Instrument
    answers: dict[str, str]
    authored_at: datetime
    answered_by: AnsweredBy
    source_id: str
    stated_total: float | None = None


def asked_in(assignment: Assignment) -> Place:
    return Place(assignment.client_id, assignment.programme, assignment.assignment_id, assignment.episode_id)


def start(place: Place, instrument: Instrument, by: Answerer, source: Source, now: datetime) -> Draft:
    return Draft(
        response_id=uuid4(),
        client_id=place.client_id,
        programme=place.programme,
        assignment_id=place.assignment_id,
        episode_id=place.episode_id,
        instrument=instrument.name,
        instrument_version=instrument.version,
        instrument_digest=instrument.digest,
        language=instrument.language,
        answers={},
        answered_by=by.role,
        answered_by_id=by.id,
        source=source,
        started_at=now,
        saved_at=now,
    )


def read(instrument: Instrument, link_id: str, given: Given) -> str | None:
    """The answer code or the text; None where there is none. Raises Problem for what the instrument does not have."""
    item = next((item for item in instrument.items if item.link_id == link_id), None)
    if item is None:
        raise Problem("unknown_answer", f"{instrument.title} has no such item.", field="link_id")
    if given is None:
        return None
    return read_answer(item, mask_ssns(given) if item.kind == "text" and isinstance(given, str) else given) or None


def save(draft: Draft, instrument: Instrument, link_id: str, code: str | None, by: Answerer, source: Source, now: datetime) -> Draft:
    """One answer given, corrected, or taken back (None)."""
    others = {given: answer for given, answer in draft.answers.items() if given != link_id}
    return given(draft, instrument, others if code is None else others | {link_id: code}, by, source, now)


def given(draft: Draft, instrument: Instrument, answers: Mapping[str, str], by: Answerer, source: Source, now: datetime) -> Draft:
    """The answers are now these, in the wording of this instrument. What a provider had a part in stays recorded as theirs."""
    helped = draft.answered_by == "provider" and by.role == "client"
    return replace(
        draft,
        answers=dict(answers),
        instrument_version=instrument.version,
        instrument_digest=instrument.digest,
        language=instrument.language,
        answered_by=draft.answered_by if helped else by.role,
        answered_by_id=draft.answered_by_id if helped else by.id,
        source=source,
        saved_at=now,
    )


def complete(draft: Draft, now: datetime) -> Draft:
    return replace(draft, completed_at=now)


def handed_in(drafts: Sequence[Draft], by: Answerer, source: Source) -> list[Draft]:
    """What a submission completes. Raises Problem where nothing at all is answered. Nobody hands in a client's satisfaction for them."""
    own = [draft for draft in drafts if draft.answers and (draft.instrument != SATISFACTION or by.role == "client")]
    if not own:
        raise Problem("nothing_answered", "Nothing is answered yet. Answering is your choice; so is leaving it.", rule="A2")
    return [replace(draft, source=source) for draft in own if not draft.submitted]


def asking(assignments: Sequence[Assignment], instrument: str, now: datetime) -> list[Assignment]:
    """The open ones that ask for it, the one that was sent first before the others."""
    found = [asked for asked in assignments if asked.is_open and now < asked.closes_at and instrument in asked.instruments]
    return sorted(found, key=lambda asked: asked.sent_at or asked.send_at)


def all_answered(assignment: Assignment, drafts: Sequence[Draft]) -> bool:
    return set(assignment.instruments) <= {draft.instrument for draft in drafts if draft.submitted}


def flagged(instrument: Instrument, answers: Mapping[str, str]) -> str | None:
    """The item whose answer asks for a clinician's look. An answer that is missing says nothing: neither a risk nor that there is none."""
    items = (link_id for link_id, code in answers.items() if "safety" in flags_on_saving(instrument, link_id, code))
    return next(items, None)


def without_satisfaction(progress: Progress) -> Progress:
    return replace(progress, forms=tuple(form for form in progress.forms if form.instrument.name != SATISFACTION))


def imported_as(imported: Imported, programme: Programme, caller: UUID, now: datetime) -> Draft:
    """Completed when it was authored. Raises Problem for what was authored in the future."""
    by = Answerer(imported.answered_by, imported.client_id if imported.answered_by == "client" else caller)
    if imported.authored_at > now:
        raise Problem("fhir_refused", "A response cannot have been authored in the future.", field="authored")
    started = start(Place(imported.client_id, programme), imported.instrument, by, "fhir", imported.authored_at)
    draft = replace(started, answers=imported.answers, saved_at=now, source_id=imported.source_id, stated_total=imported.stated_total)
    return complete(draft, imported.authored_at)


def is_recent(imported: Imported, now: datetime) -> bool:
    """Whether what was answered then still says something about now: within the time that the instrument asks about."""
    return now - imported.authored_at <= timedelta(days=imported.instrument.recall_days or 0)


def shown(draft: Draft, score: Score) -> AssessmentResponse:
    """Of a completed one. A stated total is kept beside ours, and never in its place."""
    assert draft.completed_at is not None
    return AssessmentResponse(
        response_id=draft.response_id,
        client_id=draft.client_id,
        programme=draft.programme,
        assignment_id=draft.assignment_id,
        episode_id=draft.episode_id,
        instrument=draft.instrument,
        instrument_version=draft.instrument_version,
        language=draft.language,
        answered=score.answered,
        raw_sum=score.raw_sum,
        total=score.total,
        total_method=score.total_method,
        severity=score.severity,
        completed_at=draft.completed_at,
        answered_by=draft.answered_by,
        source=draft.source,
        stated_total=draft.stated_total,
        stated_total_differs=draft.stated_total is not None and draft.stated_total != score.total,
    )
