"""Facts about legal demands (C7). Whose records are demanded stands in the case: no client is on the topic."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from common.contracts.privacy import CaseEvent


class LegalDemandRecorded(CaseEvent):
    """`digest`: of what the demand says; an approval names it."""

    type: ClassVar[str] = "consent.legal_demand_recorded.v1"
    officer_id: UUID
    kind: str
    legal_basis: str
    digest: str


class LegalDemandAmended(CaseEvent):
    """An approval that there was is void."""

    type: ClassVar[str] = "consent.legal_demand_amended.v1"
    officer_id: UUID
    digest: str


class LegalDemandApproved(CaseEvent):
    type: ClassVar[str] = "consent.legal_demand_approved.v1"
    officer_id: UUID
    digest: str


class LegalDemandRefused(CaseEvent):
    type: ClassVar[str] = "consent.legal_demand_refused.v1"
    officer_id: UUID
    ground: str


class LegalDemandWithdrawn(CaseEvent):
    type: ClassVar[str] = "consent.legal_demand_withdrawn.v1"
    officer_id: UUID


class LegalReleaseIssued(CaseEvent):
    """A one-time token. Nothing has left."""

    type: ClassVar[str] = "consent.legal_release_issued.v1"
    officer_id: UUID
    release_id: UUID
    expires_at: AwareDatetime


class LegalReleaseMade(CaseEvent):
    """It left, or was about to: noted before the first byte. `file_digest`: SHA-256, in hex."""

    type: ClassVar[str] = "consent.legal_release_made.v1"
    officer_id: UUID
    release_id: UUID
    file_digest: str
    records: int


class LegalReleaseRefused(CaseEvent):
    """It was tried, and nothing left."""

    type: ClassVar[str] = "consent.legal_release_refused.v1"
    attempt_id: UUID
    reason: str


class AccountingSuspended(CaseEvent):
    """45 CFR 164.528(a)(2): the client is not told before `until`."""

    type: ClassVar[str] = "consent.accounting_suspended.v1"
    officer_id: UUID
    suspension_id: UUID
    form: str
    until: AwareDatetime


class ClientToldOfRelease(CaseEvent):
    type: ClassVar[str] = "consent.client_told_of_release.v1"
