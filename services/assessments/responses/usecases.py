"""What can be done about a form: answer it item by item, hand it in, answer a whole one, take one over from another system, look.

Whoever writes to an assignment's forms holds the assignment's row: two tabs that save at once lose nothing, and a form is handed in once.
A2: no other service hears of a form that is not answered, and nothing depends on it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments import tables as assignments
from assessments.assignments.rules import Assignment
from assessments.care import tables as care
from assessments.care.usecases import check_may_see
from assessments.instruments.catalogue import by_digest, newest
from assessments.instruments.rules import Instrument
from assessments.responses import completing, conditions, rules, tables
from assessments.responses.rules import (
    SATISFACTION,
    Answered,
    Answerer,
    AssessmentResponse,
    Draft,
    Form,
    Given,
    Imported,
    Progress,
    SingleAnswers,
    Source,
    Submission,
)
from assessments.safety.raising import raise_flag
from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Database
from common.idempotency import IdempotencyKey, once
from common.journal import Journal
from common.problems import Problem


def answerer(caller: Principal) -> Answerer:
    """Staff write down what a client has told them: that is the client's answer."""
    return Answerer("provider" if caller.role is Role.PROVIDER else "client", caller.id)


async def progress(db: Database, assignment_id: UUID, now: datetime) -> Progress:
    """How far it is answered, whether or not it is still open. What is not begun is shown in the client's language."""
    async with db.begin() as tx:
        assignment = await assignments.find(tx, assignment_id)
        if assignment is None:
            raise conditions.not_yours()
        language = await tables.language_of(tx, assignment.client_id)
        return _progress(assignment, await tables.drafts_of(tx, assignment_id), language)


async def progress_for(db: Database, caller: Principal, assignment_id: UUID, now: datetime) -> Progress:
    """For the client, and for the provider in care, who is not shown what the client says of us."""
    found = await progress(db, assignment_id, now)
    await check_may_see(db, caller, found.assignment.client_id)
    return as_seen_by(caller, found)


def as_seen_by(caller: Principal, found: Progress) -> Progress:
    return rules.without_satisfaction(found) if caller.role is Role.PROVIDER else found


async def save_answer(
    db: Database,
    journal: Journal,
    by: Answerer,
    assignment_id: UUID,
    instrument: str,
    link_id: str,
    given: Given,
    language: str,
    now: datetime,
    source: Source = "portal",
) -> Progress:
    """One answer; None takes it back. Raises Problem for what is closed, submitted, not asked, or no answer to the item."""
    async with db.begin() as tx:
        assignment = await _locked(tx, by, assignment_id, now)
        conditions.check_asked(assignment, instrument, by)
        drafts = await tables.drafts_of(tx, assignment_id)
        draft = drafts.get(instrument)
        if draft and draft.submitted:
            raise conditions.already_submitted(draft.completed_at)
        wording = _wording(draft, instrument, language)
        code = rules.read(wording, link_id, given)
        if draft or code:
            begun = draft or rules.start(rules.asked_in(assignment), wording, by, source, now)
            saved = rules.save(begun, wording, link_id, code, by, source, now)
            await tables.put(tx, saved)
            drafts[instrument] = saved
            flagged = rules.flagged(wording, {link_id: code} if code else {})
            await journal.append_all(tx, await raise_flag(tx, saved, flagged, now))
        return _progress(assignment, drafts, language)


async def submit(
    db: Database, journal: Journal, by: Answerer, assignment_id: UUID, language: str, now: datetime, source: Source = "portal"
) -> Progress:
    """All that was answered of the assignment in one go. An instrument without an answer stays unanswered, and nobody is asked again."""
    async with db.begin() as tx:
        await _submit(tx, journal, by, assignment_id, now, source)
        assignment = await assignments.find(tx, assignment_id)
        assert assignment is not None
        return _progress(assignment, await tables.drafts_of(tx, assignment_id), language)


async def submit_once(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, assignment_id: UUID, now: datetime
) -> Submission:
    """The same, answered with the scores: what is kept for a repeated request holds no single answer."""

    async def work(tx: AsyncConnection) -> Submission:
        responses = await _submit(tx, journal, answerer(caller), assignment_id, now, "portal")
        return Submission(assignment_id=assignment_id, submitted_at=now, responses=tuple(responses))

    return await once(db, caller, key, Submission, work)


async def answer_whole(
    db: Database, journal: Journal, caller: Principal, key: IdempotencyKey, answered: Answered, now: datetime
) -> AssessmentResponse:
    """A form in one go, whether or not anybody asked for it. Raises Problem for a client that is not known."""

    async def work(tx: AsyncConnection) -> AssessmentResponse:
        return await record_whole(tx, journal, answerer(caller), answered, now)

    return await once(db, caller, key, AssessmentResponse, work)


async def record_whole(tx: AsyncConnection, journal: Journal, by: Answerer, answered: Answered, now: datetime) -> AssessmentResponse:
    """Where an open assignment asks for the instrument this is its answer, so that nobody is asked twice; what was saved of it item by
    item gives way to the whole form. The assignment is completed once all that it asks for is answered. A form without any answer
    is no answer to it."""
    instrument = answered.instrument
    programme = await _programme(tx, answered.client_id)
    if by.role == "provider":  # a client's own, and what staff write down for them, was checked at the edge
        await _check_may_answer(tx, by, answered.client_id)
    conditions.check_may_answer_instrument(by, instrument.name)
    asked = await _asking(tx, answered.client_id, instrument.name, now) if answered.answers else None
    place = rules.asked_in(asked[0]) if asked else rules.Place(answered.client_id, programme)
    begun = (asked[1].get(instrument.name) if asked else None) or rules.start(place, instrument, by, "portal", now)
    draft = rules.given(begun, instrument, answered.answers, by, "portal", now)
    [response] = await completing.complete(tx, [draft], now)
    if asked and rules.all_answered(asked[0], [*asked[1].values(), rules.complete(draft, now)]):
        await tables.complete_assignment(tx, asked[0].assignment_id, now)
    flags = await raise_flag(tx, draft, rules.flagged(instrument, answered.answers), now)
    await journal.append_all(tx, [*flags, *await completing.follow_up(tx, [response], now)])
    return response


async def import_response(db: Database, journal: Journal, caller: Principal, imported: Imported, now: datetime) -> AssessmentResponse:
    """Scored by us, whatever total it states. The same again is answered with the first. It answers no assignment: what was given to
    another system, perhaps before we asked, is not what the client chose to answer here."""
    async with db.begin() as tx:
        programme = await _programme(tx, imported.client_id)
        draft = rules.imported_as(imported, programme, caller.id, now)
        response = completing.scored(draft)
        if not await tables.add_once(tx, draft, response):
            return await tables.find_imported(tx, imported.client_id, imported.source_id)
        recent = imported.answers if rules.is_recent(imported, now) else {}
        flags = await raise_flag(tx, draft, rules.flagged(imported.instrument, recent), now)
        await journal.append_all(tx, [*flags, *await completing.follow_up(tx, [response], now)])
        return response


async def list_responses(db: Database, caller: Principal, client_id: UUID, last: UUID, limit: int) -> list[AssessmentResponse]:
    """Of satisfaction providers learn nothing: what a client says of us stays between the client and the network."""
    await check_may_see(db, caller, client_id)
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, last, limit, without_satisfaction=caller.role is Role.PROVIDER)


async def read_response(db: Database, caller: Principal, response_id: UUID) -> SingleAnswers:
    async with db.begin() as tx:
        found = await tables.find(tx, response_id)
    if found is None or (found.instrument == SATISFACTION and caller.role is Role.PROVIDER):
        raise conditions.not_yours()
    await check_may_see(db, caller, found.client_id)
    return found


async def _submit(
    tx: AsyncConnection, journal: Journal, by: Answerer, assignment_id: UUID, now: datetime, source: Source
) -> Sequence[AssessmentResponse]:
    await _locked(tx, by, assignment_id, now)
    drafts = await tables.drafts_of(tx, assignment_id)
    finished = rules.handed_in(list(drafts.values()), by, source)
    responses = await completing.complete(tx, finished, now)
    await tables.complete_assignment(tx, assignment_id, now)
    await journal.append_all(tx, await completing.follow_up(tx, responses, now))
    return responses


async def _locked(tx: AsyncConnection, by: Answerer, assignment_id: UUID, now: datetime) -> Assignment:
    """To write to. Raises Problem for others than the client and the provider in care, and for what can no longer be answered."""
    assignment = await assignments.find(tx, assignment_id, lock=True)
    if assignment is None:
        raise conditions.not_yours()
    await _check_may_answer(tx, by, assignment.client_id)
    conditions.check_answerable(assignment, now)
    return assignment


async def _check_may_answer(tx: AsyncConnection, by: Answerer, client_id: UUID) -> None:
    conditions.check_may_answer(by, client_id, await care.providers_of(tx, client_id) if by.role == "provider" else ())


async def _asking(tx: AsyncConnection, client_id: UUID, instrument: str, now: datetime) -> tuple[Assignment, dict[str, Draft]] | None:
    """The open assignment that was sent first and still wants the instrument, locked with the client's others, and what is answered of
    it. They are all locked in one statement, in the order in which planning locks them too."""
    every = (await assignments.of_clients(tx, [client_id], lock=True))[client_id].values()
    for assignment in rules.asking(list(every), instrument, now):
        drafts = await tables.drafts_of(tx, assignment.assignment_id)
        if instrument not in drafts or not drafts[instrument].submitted:
            return assignment, drafts
    return None


async def _programme(tx: AsyncConnection, client_id: UUID) -> Programme:
    programme = await tables.programme_of(tx, client_id)
    if programme is None:
        raise Problem("unknown_client", "No such client.", field="client_id")
    return programme


def _wording(draft: Draft | None, name: str, language: str) -> Instrument:
    """In the language that is asked for; a form that is begun keeps its version also when a newer one is published meanwhile."""
    asked_for = newest(name, language)
    if draft is None or draft.instrument_digest is None or asked_for.version == draft.instrument_version:
        return asked_for
    return by_digest(draft.instrument_digest)


def _progress(assignment: Assignment, drafts: Mapping[str, Draft], language: str) -> Progress:
    def form(name: str) -> Form:
        draft = drafts.get(name)
        digest = draft.instrument_digest if draft else None
        instrument = by_digest(digest) if digest else newest(name, language)
        return Form(instrument, draft.answers if draft else {}, bool(draft and draft.submitted))

    return Progress(assignment, tuple(map(form, assignment.instruments)))
