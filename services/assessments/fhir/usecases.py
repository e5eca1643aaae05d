"""What is done at the FHIR edge: give what is held about a client, take in what others hold."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments import tables as assignments
from assessments.care.usecases import check_may_see
from assessments.fhir import tables
from assessments.fhir.findings import Finding
from assessments.fhir.questionnaire_responses import ReadResponse
from assessments.fhir.reading import Fate, Reading, read_bundle
from assessments.fhir.writing import Record
from assessments.instruments import catalogue
from assessments.responses import tables as responses
from assessments.responses import usecases as answering
from assessments.responses.rules import Draft, SingleAnswers
from common.auth import Principal
from common.db import Database
from common.journal import Journal
from common.problems import Problem

Outcome = Literal["imported", "already_held"] | Fate


class SentResource(BaseModel):
    """What became of one resource. `form`: only checked. `part`: read together with another one."""

    resource: str
    outcome: Outcome
    response_id: UUID | None
    findings: list[Finding]


class ImportReport(BaseModel):
    """`findings`: of the bundle itself. `ignored`: how many resources of each type are about no assessment."""

    resources: list[SentResource]
    findings: list[Finding]
    ignored: dict[str, int]


@dataclass(frozen=True, slots=True)
class Source:
    """`payload`: what was sent. `subject`: what the sender calls the client."""

    payload: object
    client_id: UUID
    subject: str | None


async def import_bundle(db: Database, journal: Journal, caller: Principal, source: Source, now: datetime) -> ImportReport:
    """Each response by itself, scored by us. Raises Problem where none could be taken. Read in a thread: a large bundle takes a second."""
    await check_may_see(db, caller, source.client_id)
    reading = await asyncio.to_thread(read_bundle, source.payload, source.client_id, now, source.subject)
    done = await _already_held(db, source.client_id, reading.responses)
    new = [read for read in reading.responses if read.resource not in done]
    outcomes: dict[str, tuple[Outcome, UUID]] = {label: ("already_held", response_id) for label, response_id in done.items()}
    for read in new:
        response = await answering.import_response(db, journal, caller, read.imported, now)
        outcomes[read.resource] = ("imported", response.response_id)
    report = _report(reading, outcomes)
    if not outcomes:
        raise Problem(
            "fhir_refused", "There is no response in it that can be imported; the findings say why.", **report.model_dump(mode="json")
        )
    return report


async def _already_held(db: Database, client_id: UUID, reads: Sequence[ReadResponse]) -> dict[str, UUID]:
    """What was imported before, and what comes back from an export of ours unchanged."""
    async with db.begin() as tx:
        known = await tables.held(tx, client_id, [read.imported.source_id for read in reads])
        found = {read.resource: known.get(read.imported.source_id) or await _own(tx, read) for read in reads}
    return {resource: response_id for resource, response_id in found.items() if response_id}


async def _own(tx: AsyncConnection, read: ReadResponse) -> UUID | None:
    own = await responses.find(tx, read.ours) if read.ours else None
    if own is None or own.client_id != read.imported.client_id:
        return None
    same = own.instrument == read.imported.instrument.name and own.answers == read.imported.answers
    return own.response_id if same else None


def _report(reading: Reading, outcomes: dict[str, tuple[Outcome, UUID]]) -> ImportReport:
    told: dict[str, list[Finding]] = {}
    for found in reading.findings:
        told.setdefault(found.resource, []).append(found)

    def of(resource: str, fate: Fate) -> SentResource:
        outcome, response_id = outcomes.get(resource, (fate, None))
        return SentResource(resource=resource, outcome=outcome, response_id=response_id, findings=told.get(resource, []))

    resources = [of(resource, fate) for resource, fate in reading.fates.items()]
    others = [found for found in reading.findings if found.resource not in reading.fates]
    return ImportReport(resources=resources, findings=others, ignored=dict(reading.ignored))


async def read_record(db: Database, caller: Principal, response_id: UUID) -> Record:
    """A completed response to a clinical instrument. Raises Problem for all others alike."""
    found = await answering.read_response(db, caller, response_id)
    record = _completed(found)
    if record.instrument.panel is None:
        raise Problem("not_found", "There is nothing here that you may see.")
    return record


async def records_of(db: Database, caller: Principal, client_id: UUID) -> list[Record]:
    """All of a client's clinical responses, the oldest first, and then what is still in progress."""
    await check_may_see(db, caller, client_id)
    async with db.begin() as tx:
        completed = await responses.single_answers_of(tx, client_id)
        begun = [
            draft
            for one in await assignments.of_client(tx, client_id)
            for draft in (await responses.drafts_of(tx, one.assignment_id)).values()
        ]
    records = [_completed(one) for one in completed] + [_begun(one) for one in begun if one.answers and not one.submitted]
    return [record for record in records if record.instrument.panel]


def _completed(one: SingleAnswers) -> Record:
    scored = {"method": one.total_method, "total": one.total, "severity": one.severity, "stated_total_differs": one.stated_total_differs}
    return _record(one, one.completed_at, **scored)


def _begun(one: Draft) -> Record:
    return _record(one, one.saved_at, method=None, total=None, severity=None, stated_total_differs=False)


def _record(one: SingleAnswers | Draft, at: datetime, **scored: Any) -> Record:
    return Record(
        response_id=one.response_id,
        client_id=one.client_id,
        instrument=catalogue.find(one.instrument, one.instrument_version, one.language),
        answers=one.answers,
        by_provider=one.answered_by == "provider",
        source=one.source,
        at=at,
        **scored,
    )
