"""Corrections (C10, 45 CFR 164.526): the facts that consent and scheduling publish about them, and what consent hands to the owners."""

from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.contracts.event import ClientEvent
from common.contracts.privacy import CaseEvent
from common.never_kept import StructuredText

ClientField = Literal["birth_date", "sex", "state", "language", "time_zone", "member_id"]
"""What a client's own record can be corrected in."""
Told = Literal["birth_year", "sex", "state", "language", "time_zone"]
Name = Field(pattern="^[a-z_]{1,60}$", max_length=60)


class RefusalGround(StrEnum):
    """45 CFR 164.526(a)(2): there is no other ground to refuse a correction on."""

    NOT_CREATED_BY_US = "not_created_by_us"
    NOT_IN_RECORD_SET = "not_in_record_set"
    NOT_OPEN_TO_ACCESS = "not_open_to_access"
    """It is not open to inspection under 45 CFR 164.524."""
    ACCURATE_AND_COMPLETE = "accurate_and_complete"


class Applying(BaseModel):
    """What the owner of a client's record is asked to write into it. It may come again: the first time counts."""

    model_config = ConfigDict(extra="forbid")

    client_id: UUID
    field: ClientField
    value: StructuredText = Field(min_length=1, max_length=60)


class Spreading(BaseModel):
    """What reporting is asked to tell those who have a record: that it was amended, or that the client disputes it, and why it stayed."""

    model_config = ConfigDict(extra="forbid")

    client_id: UUID
    kind: Literal["amended", "disputed"]
    record_id: UUID | None = None
    field: StructuredText = Name
    ground: RefusalGround | None = None
    decided_at: AwareDatetime


class ClientCorrected(ClientEvent):
    """C10: a client's record was corrected. All of it is told as it is now; `changed` names what is new, and not what is kept to itself."""

    type: ClassVar[str] = "scheduling.client_corrected.v1"
    correction_id: UUID
    changed: tuple[Told, ...]
    birth_year: int
    sex: Literal["female", "male", "other", "unknown"]
    state: str
    language: str
    time_zone: str


class CorrectionRequested(CaseEvent):
    """The clock of 45 CFR 164.526(b)(2) runs."""

    type: ClassVar[str] = "consent.correction_requested.v1"
    due_at: AwareDatetime


class CorrectionExtended(CaseEvent):
    """164.526(b)(2)(ii): once, in writing, with a reason."""

    type: ClassVar[str] = "consent.correction_extended.v1"
    reason: str
    due_at: AwareDatetime


class CorrectionDecided(CaseEvent):
    type: ClassVar[str] = "consent.correction_decided.v1"
    accepted: bool
    ground: RefusalGround | None = None


class DisagreementStated(CaseEvent):
    """164.526(d)(2): it goes with the record from here on."""

    type: ClassVar[str] = "consent.disagreement_stated.v1"
