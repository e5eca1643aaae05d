"""Privacy rights: what the consent service asks the others for, what they answer, and the facts that it publishes about cases.

Whoever serves care must not read anybody's decisions (invariant 8), so what is asked of the services goes over two topics of its own.
A part is everything that one service holds of one client: it is sealed for the collection that asked for it (RFC 7516), nobody else can
read it on the topic, and its key is destroyed with the collection.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.contracts.event import Event
from common.contracts.vocabulary import Programme

REQUESTS_TOPIC = "privacy.requests.v1"
"""Keyed by collection; one record for each service that is asked, again until it has answered."""
ANSWERS_TOPIC = "privacy.answers.v1"
PART_REQUESTED_TYPE = "privacy.part_requested.v1"
PART_COLLECTED_TYPE = "privacy.part_collected.v1"
SERVICES = ("consent", "scheduling", "assessments", "reporting")
"""Who holds something of a client."""


class RecordCategory(StrEnum):
    """What a record is about, as an access bundle is ordered by it and a legal demand is limited to it."""

    CONTACT_AND_DEMOGRAPHICS = "contact_and_demographics"
    COVERAGE = "coverage"
    APPOINTMENTS = "appointments"
    """Requests, consultations, visits."""
    ASSESSMENT_RESULTS = "assessment_results"
    """Totals and what they mean, what was sent when."""
    ASSESSMENT_ANSWERS = "assessment_answers"
    """Single answers."""
    SAFETY = "safety"
    SATISFACTION = "satisfaction"
    COMMUNICATIONS = "communications"
    """Mails and notices."""
    SHARING = "sharing"
    """Decisions about sharing, receipts, what was given to the plan under them, recalls."""
    AGGREGATES = "aggregates"
    """In which aggregate families somebody is counted."""
    OPERATIONS = "operations"
    """Journals, deadlines, requests to us: what the others follow from, or what keeps them in order."""


class Scope(BaseModel):
    """What a collection is limited to (minimum necessary, 45 CFR 164.502(b)). `since` and `until`: the day of a record, both included."""

    model_config = ConfigDict(frozen=True)

    categories: tuple[RecordCategory, ...]
    since: date | None = None
    until: date | None = None
    programme: Programme | None = None


class PartRequested(BaseModel):
    """`reply_key`: a public JWK (P-256) that the answer is sealed for. Without a scope: everything."""

    model_config = ConfigDict(frozen=True)

    collection_id: UUID
    client_id: UUID
    service: str
    reply_key: dict[str, Any]
    scope: Scope | None = None


class PartCollected(BaseModel):
    """One piece of a part, sealed (JWE, ECDH-ES+A256KW, A256GCM); `digest` is the SHA-256 of the whole part's JSON, in hex."""

    model_config = ConfigDict(frozen=True)

    collection_id: UUID
    service: str
    as_of: datetime
    digest: str
    piece: int
    pieces: int
    sealed: str


class Part(BaseModel):
    """What one service holds of one client, in one snapshot: table by table, row by row, each by the names of its columns."""

    model_config = ConfigDict(frozen=True)

    service: str
    as_of: AwareDatetime
    tables: dict[str, list[dict[str, Any]]]


class CaseEvent(Event):
    """A fact about a case. Whose it is stands in the case, not on the topic."""

    case_id: UUID

    @property
    def subject(self) -> UUID:
        return self.case_id


class StatutoryDeadlineMissed(CaseEvent):
    """C7, C10: a period that the law sets, or a demand, has ended without an answer."""

    type: ClassVar[str] = "consent.statutory_deadline_missed.v1"
    policy: str
    policy_version: int
    due_at: AwareDatetime
