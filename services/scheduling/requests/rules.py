"""Consultation requests: what a first one must carry, and how one is answered. Pure: no clock, no I/O.

C3: the choice on sharing is passed on and forgotten. No rule here, and no column, depends on what was chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import ConsultationRequested, RequestAccepted, RequestDeclined, SharingChosen
from common.contracts.vocabulary import Category, Choice, Programme
from common.problems import Problem
from scheduling.clients.rules import Covered, check_offered


class RequestState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class ConsultationRequest(BaseModel):
    """`version` is what an answer must name in If-Match."""

    model_config = ConfigDict(frozen=True)

    request_id: UUID
    client_id: UUID
    provider_id: UUID
    programme: Programme
    state: RequestState = RequestState.SUBMITTED
    first: bool
    version: int = 1
    requested_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sharing:
    """The choice as the client made it. `notice_current`: as far as it can be told without consent."""

    choice_id: UUID
    choice: Choice
    categories: Sequence[Category]
    notice_digest: str
    notice_version: str
    notice_language: str
    on_version: int
    notice_current: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was put to us."""

    request_id: UUID
    client_id: UUID
    provider_id: UUID
    programme: Programme
    sharing: Sharing | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Accepted or declined, decided on a version of the request."""

    request_id: UUID
    to: RequestState
    on_version: int


def submit(
    asked: Asked, client: Covered, *, first: bool, now: datetime
) -> tuple[ConsultationRequest, Sequence[ConsultationRequested | SharingChosen]]:
    """The request and what to tell of it. Raises Problem where it may not be made like this."""
    check_offered(asked.programme, client.offered)
    _check_choice(asked.sharing, first=first)
    request = ConsultationRequest(
        request_id=asked.request_id,
        client_id=asked.client_id,
        provider_id=asked.provider_id,
        programme=asked.programme,
        first=first,
        requested_at=now,
    )
    requested = ConsultationRequested(**_about(request, now), employer_id=client.employer_id, first=first)
    return request, [requested, _chosen(request, asked.sharing, now)] if asked.sharing else [requested]


def _check_choice(sharing: Sharing | None, *, first: bool) -> None:
    """C2: an explicit choice on the first request, and only there; C11: on the notice that is shown now."""
    if first and sharing is None:
        raise Problem(
            "choice_missing", "The first request says whether individual data may be shared: yes or no.", field="sharing", rule="C2"
        )
    if sharing is None:
        return
    if not first:
        raise Problem("choice_unexpected", "The choice was made. It is changed at the consent service.", field="sharing", rule="C2")
    if sharing.choice is Choice.OPT_IN and not sharing.categories:
        raise Problem("invalid_request", "An opt-in names at least one category.", field="sharing.categories", rule="C17")
    if not sharing.notice_current:
        raise Problem(
            "notice_not_current",
            "That notice cannot be decided on. Show the current one and ask again.",
            field="sharing.notice_digest",
            rule="C11",
        )


def _chosen(request: ConsultationRequest, sharing: Sharing, now: datetime) -> SharingChosen:
    return SharingChosen(
        occurred_at=now,
        client_id=request.client_id,
        choice_id=sharing.choice_id,
        request_id=request.request_id,
        programme=request.programme,
        choice=sharing.choice,
        categories=tuple(sharing.categories),
        notice_digest=sharing.notice_digest,
        notice_version=sharing.notice_version,
        notice_language=sharing.notice_language,
        on_version=sharing.on_version,
    )


def answer(request: ConsultationRequest, given: Answer, now: datetime) -> tuple[ConsultationRequest, RequestAccepted | RequestDeclined]:
    """S10: a provider is free to accept or decline, once. Raises Problem on another version and in another state."""
    if given.on_version != request.version:
        raise Problem("state_changed", "The request has changed since. Look at it again.", field="If-Match", version=request.version)
    if request.state is not RequestState.SUBMITTED:
        raise Problem("wrong_state", f"The request is {request.state}.", state=request.state)
    answered = request.model_copy(update={"state": given.to, "version": request.version + 1, "answered_at": now})
    event = RequestAccepted if given.to is RequestState.ACCEPTED else RequestDeclined
    return answered, event(**_about(request, now))


def _about(request: ConsultationRequest, now: datetime) -> dict[str, Any]:
    return {
        "occurred_at": now,
        "client_id": request.client_id,
        "request_id": request.request_id,
        "provider_id": request.provider_id,
        "programme": request.programme,
    }
