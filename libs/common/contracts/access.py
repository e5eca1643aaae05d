"""Facts about access requests (C10, 45 CFR 164.524). Who asked stands in the request: no client is on the topic."""

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from common.contracts.privacy import CaseEvent


class AccessGround(StrEnum):
    """45 CFR 164.524(a): there is no other ground to refuse access on."""

    PSYCHOTHERAPY_NOTES = "psychotherapy_notes"
    """(a)(1)(i)."""
    LEGAL_PROCEEDING = "legal_proceeding"
    """(a)(1)(ii): compiled in anticipation of one."""
    CORRECTIONAL_INSTITUTION = "correctional_institution"
    """(a)(2)(ii)."""
    RESEARCH_UNDER_WAY = "research_under_way"
    """(a)(2)(iii)."""
    PRIVACY_ACT = "privacy_act"
    """(a)(2)(iv): 5 U.S.C. 552a."""
    CONFIDENTIAL_SOURCE = "confidential_source"
    """(a)(2)(v)."""
    DANGER_TO_LIFE = "danger_to_life"
    """(a)(3)(i)."""
    HARM_TO_ANOTHER = "harm_to_another"
    """(a)(3)(ii)."""
    HARM_BY_REPRESENTATIVE = "harm_by_representative"
    """(a)(3)(iii)."""


class AccessExtension(StrEnum):
    """Why it takes longer, as the client is told."""

    RECORDS_ELSEWHERE = "records_elsewhere"
    SERVICE_AWAY = "service_away"
    CLINICIAN_REVIEW = "clinician_review"


class AccessRequested(CaseEvent):
    """The clock of 45 CFR 164.524(b)(2) runs."""

    type: ClassVar[str] = "consent.access_requested.v1"
    due_at: AwareDatetime


class AccessExtended(CaseEvent):
    """164.524(b)(2)(ii): once, in writing, with a reason."""

    type: ClassVar[str] = "consent.access_extended.v1"
    reason: AccessExtension
    due_at: AwareDatetime


class AccessProvided(CaseEvent):
    """The copy is ready. `digest`: its SHA-256, in hex."""

    type: ClassVar[str] = "consent.access_provided.v1"
    digest: str
    expires_at: AwareDatetime


class AccessRefused(CaseEvent):
    type: ClassVar[str] = "consent.access_refused.v1"
    ground: AccessGround


class AccessWithdrawn(CaseEvent):
    type: ClassVar[str] = "consent.access_withdrawn.v1"


class AccessCopyErased(CaseEvent):
    """The copy, and all that was collected for it, opens for nobody any more."""

    type: ClassVar[str] = "consent.access_copy_erased.v1"
