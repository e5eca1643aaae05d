"""A request for a copy of all that is held, from being asked for to its end (C10, 45 CFR 164.524). Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.access import AccessExtension, AccessGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.problems import Problem

POLICY, EXTENDED_POLICY = "access_request", "access_request_extended"
RULE = "C10"
Language = Literal["en", "es"]
REVIEWABLE = frozenset({AccessGround.DANGER_TO_LIFE, AccessGround.HARM_TO_ANOTHER, AccessGround.HARM_BY_REPRESENTATIVE})
"""164.524(a)(3): a licensed professional decided, and on request another one looks at it again (a)(4)."""


class State(StrEnum):
    COLLECTING = "collecting"
    READY = "ready"
    EXPIRED = "expired"
    """The copy was kept for its time, and is erased."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class OnBehalf(BaseModel):
    """Staff recorded it: who, for whom, and how sure of that they were."""

    model_config = ConfigDict(frozen=True)

    staff_id: UUID
    asked_by: AskedBy
    identity_check: IdentityCheck


class AccessRequest(BaseModel):
    """As it stands. `digest` and `size` (bytes) are the copy's, also once it is erased."""

    model_config = ConfigDict(frozen=True)

    request_id: UUID
    client_id: UUID
    language: Language
    state: State
    collection_id: UUID | None = None
    asked_at: datetime
    due_at: datetime
    on_behalf: OnBehalf | None = None
    warned_at: datetime | None = None
    extended_at: datetime | None = None
    extension_reason: AccessExtension | None = None
    ready_at: datetime | None = None
    expires_at: datetime | None = None
    digest: str | None = None
    size: int | None = None
    ground: AccessGround | None = None
    closed_at: datetime | None = None
    """When it was refused, withdrawn, or its copy erased."""

    @property
    def policy(self) -> str:
        return EXTENDED_POLICY if self.extended_at else POLICY

    def overdue(self, now: datetime) -> bool:
        return self.state is State.COLLECTING and self.due_at < now

    @property
    def reviewable(self) -> bool:
        return self.ground in REVIEWABLE


def check_identity(on_behalf: OnBehalf | None) -> None:
    """164.514(h): whoever is handed a copy of everything must be the person, or act for them. Raises Problem."""
    if on_behalf and on_behalf.identity_check is IdentityCheck.NOT_CHECKED:
        raise Problem("identity_not_checked", "Check who asks before the request is recorded.", field="identity_check", rule=RULE)


def check_open(request: AccessRequest) -> None:
    """Raises Problem."""
    if request.state is not State.COLLECTING:
        raise Problem("wrong_state", f"The request is {request.state}.", rule=RULE, state=request.state)


def check_extension(request: AccessRequest, now: datetime) -> None:
    """164.524(b)(2)(ii): once, and told before the first period is over. Raises Problem."""
    check_open(request)
    if request.extended_at is not None or now >= request.due_at:
        raise Problem("wrong_state", "It can be extended once, and before it is due.", rule=RULE, state=request.state)


def check_download(request: AccessRequest, now: datetime, *, by_staff: bool) -> None:
    """From its end on nothing is handed out, also before it is erased. Staff reach only what was asked through them (164.502(b)).
    Raises Problem."""
    if by_staff and request.on_behalf is None:
        raise Problem("forbidden", "The client asked for this copy, and nobody else is handed it.", rule=RULE)
    if request.state is State.EXPIRED or (request.expires_at and now >= request.expires_at):
        raise Problem("access_expired", "This copy was kept for its time and is erased. Ask for a new one.", rule=RULE)
    if request.state is not State.READY:
        raise Problem("wrong_state", f"The request is {request.state}.", rule=RULE, state=request.state)
