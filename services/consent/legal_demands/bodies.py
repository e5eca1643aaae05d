"""What is sent and answered about legal demands."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.contracts.privacy import RecordCategory, Scope
from common.contracts.vocabulary import Programme
from common.never_kept import FreeText, StructuredText
from consent.documents.routes import DocumentOut, out
from consent.legal_demands.rules import BASES, Content, DemandKind, IdentityEvidence, LegalBasis, Statement
from consent.legal_demands.states import Demand, Form, Outcome, RefusalGround, State, Suspension
from consent.legal_demands.usecases import Case

Line = Annotated[StructuredText, Field(min_length=1, max_length=200)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ScopeIn(BaseModel):
    """Both days are included. Nothing is demanded by default: every category is named."""

    model_config = ConfigDict(extra="forbid")

    categories: tuple[RecordCategory, ...] = Field(max_length=len(RecordCategory))
    since: date | None = None
    until: date | None = None
    programme: Programme | None = None

    def scope(self) -> Scope:
        categories = tuple(dict.fromkeys(self.categories))
        return Scope(categories=categories, since=self.since, until=self.until, programme=self.programme)


EXAMPLE: dict[str, Any] = {
    "client_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "kind": "subpoena",
    "legal_basis": "notice_assured",
    "authority_name": "Lawyers of the plaintiff, Doe v. Roe",
    "authority_address": "1 Court Street, Boston, MA",
    "identity_evidence": "called_back",
    "reference": "2026-CV-0417",
    "received_at": "2026-11-30T15:00:00Z",
    "respond_by": "2026-12-14T22:00:00Z",
    "statements": ["notice_given", "notice_sufficient", "objections_settled"],
    "scope": {"categories": ["appointments"], "since": "2026-01-01", "until": "2026-06-30"},
    "minimum_necessary": "The subpoena names visits in the first half of the year.",
    "document_id": "9b2f8a5e-0d0d-4a55-8f3a-0f6e2a4a9a11",
    "assurance_document_id": "5c1d0b5e-52a7-4c55-9f1a-5b1e5f4f8e22",
}


class DemandIn(BaseModel):
    """`law`: the statute or regulation, where the basis rests on one. `minimum_necessary`: why no less would do."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    client_id: UUID
    kind: DemandKind
    legal_basis: LegalBasis
    law: Line | None = None
    authority_name: Line
    authority_address: Annotated[StructuredText, Field(max_length=400)] | None = None
    identity_evidence: IdentityEvidence
    reference: Line
    received_at: AwareDatetime
    respond_by: AwareDatetime
    statements: tuple[Statement, ...] = Field((), max_length=len(Statement))
    scope: ScopeIn
    minimum_necessary: FreeText = Field(min_length=1, max_length=2000)
    document_id: UUID
    assurance_document_id: UUID | None = None

    def content(self) -> Content:
        sent = self.model_dump(exclude={"scope", "statements"})
        return Content(**sent, scope=self.scope.scope(), statements=tuple(sorted(set(self.statements))))


class ApprovalIn(BaseModel):
    """`digest`: as the demand shows it; what was changed since is not approved."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"digest": "9f" * 32}})

    digest: Digest


class RefusalIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"ground": "no_assurance"}})

    ground: RefusalGround


class ReleaseIn(BaseModel):
    """`scope`: what is meant to be released. Anything else than what was approved is refused, and noted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {}})

    scope: ScopeIn | None = None


class ReleaseOut(BaseModel):
    """The token is told once."""

    release_id: UUID
    token: str
    expires_at: datetime


class SuspensionIn(BaseModel):
    """45 CFR 164.528(a)(2). `stated_by`: the agency and the official. An oral statement: what was said, and 30 days at most."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "form": "oral",
                "stated_by": "Medicaid Fraud Division, Inspector 4417",
                "stated_at": "2026-11-30T15:00:00Z",
                "until": "2026-12-20T00:00:00Z",
                "statement": "By telephone: the client would warn the provider.",
            }
        },
    )

    form: Form
    stated_by: Line
    stated_at: AwareDatetime
    until: AwareDatetime
    statement: FreeText | None = Field(None, max_length=2000)
    document_id: UUID | None = None

    def suspension(self, demand_id: UUID, officer: UUID, now: datetime) -> Suspension:
        return Suspension(suspension_id=uuid4(), demand_id=demand_id, recorded_by=officer, recorded_at=now, **self.model_dump())


class DemandOut(BaseModel):
    """`digest`: of what an approval names. `tell_client_from`: null as long as the client is not to be told."""

    demand_id: UUID
    version: int
    state: State
    content: Content
    citation: str
    digest: str
    recorded_at: datetime
    authors: list[UUID]
    approved_by: UUID | None
    approved_at: datetime | None
    closed_by: UUID | None
    closed_at: datetime | None
    ground: str | None
    tell_client_from: datetime | None
    client_told_at: datetime | None

    @classmethod
    def of(cls, demand: Demand) -> Self:
        names = [name for name in cls.model_fields if name != "citation"]
        return cls(citation=BASES[demand.content.legal_basis].citation, **{name: getattr(demand, name) for name in names})


class PartOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    service: str
    state: str
    asks: int
    collected_at: datetime | None
    as_of: datetime | None


class AttemptOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    attempt_id: UUID
    attempted_at: datetime
    attempted_by: UUID | None
    role: str | None
    step: str
    outcome: Outcome
    reason: str | None
    records: int | None
    file_digest: str | None


class ReadingOut(BaseModel):
    document_id: UUID
    read_by: UUID
    read_at: datetime


class HappeningOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime
    what: str
    by: UUID | None
    detail: str | None


class CaseOut(BaseModel):
    demand: DemandOut
    documents: list[DocumentOut]
    readings: list[ReadingOut]
    parts: list[PartOut]
    suspensions: list[Suspension]
    attempts: list[AttemptOut]
    history: list[HappeningOut]

    @classmethod
    def of(cls, case: Case) -> Self:
        return cls(
            demand=DemandOut.of(case.demand),
            documents=[out(document) for document in case.documents],
            readings=[ReadingOut(document_id=document, read_by=by, read_at=at) for document, by, at in case.readings],
            parts=[PartOut.model_validate(part) for part in case.parts],
            suspensions=list(case.suspensions),
            attempts=[AttemptOut.model_validate(row) for row in case.attempts],
            history=[HappeningOut.model_validate(row) for row in case.history],
        )
