"""A safety flag: an answer that a clinician is to look at. Pure.

It says that there is one, and never which answer it was. An aid, not a monitoring service: docs/guides/safety-flags.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.assessments import SafetyFlagAcknowledged, SafetyFlagEscalated, SafetyFlagRaised
from common.contracts.vocabulary import Programme
from common.notices.rules import CLINICAL_TEAM, Notice
from common.problems import Problem

ACKNOWLEDGEMENT = "safety_acknowledgement"
"""The policy: how long an acknowledgement may take, and who is told meanwhile."""
AcknowledgedAs = Literal["provider", "clinical_team"]
RAISED, REMINDER, TEAM = "safety_flag_provider", "safety_flag_reminder_provider", "safety_flag_team"
"""The texts, which are scheduling's."""


class SafetyFlag(BaseModel):
    """At most one for each response. `item`: the LOINC code of the question. `provider_id`: whom it was told to first."""

    model_config = ConfigDict(frozen=True)

    flag_id: UUID
    client_id: UUID
    response_id: UUID
    assignment_id: UUID | None
    programme: Programme
    provider_id: UUID | None
    instrument: str
    item: str
    raised_at: datetime
    escalated_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_as: AcknowledgedAs | None = None
    acknowledged_by: UUID | None = None


def acknowledged(flag: SafetyFlag, by: UUID, role: AcknowledgedAs, now: datetime) -> SafetyFlag:
    """Raises Problem where somebody has done so: who, and when."""
    if flag.acknowledged_at:
        at = flag.acknowledged_at.isoformat()
        detail = f"The {(flag.acknowledged_as or '').replace('_', ' ')} acknowledged it at {at}."
        by_whom = str(flag.acknowledged_by)
        raise Problem("already_acknowledged", detail, acknowledged_as=flag.acknowledged_as, acknowledged_by=by_whom, acknowledged_at=at)
    return flag.model_copy(update={"acknowledged_at": now, "acknowledged_as": role, "acknowledged_by": by})


def notices(flag: SafetyFlag, providers: Sequence[UUID], moment: str, template: str) -> list[Notice]:
    """To all who take care of the client now; to the clinical team where nobody does. `moment` sets this telling apart from others."""
    told = [Notice("provider", provider, template, _reason(flag, moment), about=flag.flag_id) for provider in providers]
    return told or [to_team(flag, moment)]


def to_team(flag: SafetyFlag, moment: str) -> Notice:
    return Notice("team", CLINICAL_TEAM, TEAM, _reason(flag, moment), about=flag.flag_id)


def _reason(flag: SafetyFlag, moment: str) -> str:
    return f"safety:{flag.flag_id}:{moment}"


def raised_event(flag: SafetyFlag) -> SafetyFlagRaised:
    return SafetyFlagRaised(
        occurred_at=flag.raised_at,
        client_id=flag.client_id,
        flag_id=flag.flag_id,
        response_id=flag.response_id,
        programme=flag.programme,
        instrument=cast(Literal["phq-9", "gad-7"], flag.instrument),
        item=flag.item,
        provider_id=flag.provider_id,
    )


def escalated_event(flag: SafetyFlag, event_id: UUID, now: datetime) -> SafetyFlagEscalated:
    return SafetyFlagEscalated(event_id=event_id, occurred_at=now, client_id=flag.client_id, flag_id=flag.flag_id, raised_at=flag.raised_at)


def acknowledged_event(flag: SafetyFlag) -> SafetyFlagAcknowledged:
    assert flag.acknowledged_at is not None, "it was acknowledged just now"
    assert flag.acknowledged_as is not None, "it was acknowledged just now"
    return SafetyFlagAcknowledged(
        occurred_at=flag.acknowledged_at,
        client_id=flag.client_id,
        flag_id=flag.flag_id,
        by=flag.acknowledged_as,
        raised_at=flag.raised_at,
    )
