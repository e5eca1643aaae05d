"""Consultation requests: what a first one must carry, and what follows from each move. Pure: no clock, no I/O.

C3: the choice on sharing is passed on and forgotten. No rule here, and no column, depends on what was chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.event import Event
from common.contracts.scheduling import (
    ConsultationRequested,
    Origin,
    RequestAccepted,
    RequestDeclined,
    RequestTimedOut,
)
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.clients.rules import Covered, check_offered
from scheduling.notifications.rules import Notice, Recipient
from scheduling.requests.choice import Sharing, check_choice, chosen
from scheduling.requests.states import OVER, UNANSWERED, Move, RequestState, after
from scheduling.service_levels.rules import (
    ALTERNATIVES_OFFERED,
    CONSULTATION_SCHEDULED,
    PROPOSAL_ANSWERED,
    PROVIDER_RESPONSE,
    Arm,
    Cancel,
    Consequences,
    Pause,
    Resume,
    Stop,
)

DeclineReason = Literal["not_stated", "no_capacity", "outside_expertise", "schedule", "state_not_served"]
PROPOSAL_OPEN = timedelta(days=30)
"""Times proposed for later than that are no consultation within five days by any reading (S8)."""


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
    episode_id: UUID | None = None
    origin: Origin = "directory"
    specialties: tuple[str, ...] = ()
    """What the client looks for; for Client Matching only."""
    decline_reason: DeclineReason | None = None
    proposed_times: tuple[datetime, ...] = ()
    """S8: what the provider has proposed and the client has not yet answered."""

    @property
    def is_over(self) -> bool:
        return self.state in OVER


@dataclass(frozen=True, slots=True)
class SelfBooking:
    """S6: the client books the consultation with the request, from the provider's open slots."""

    starts_at: datetime
    hold_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was put to us."""

    request_id: UUID
    client_id: UUID
    provider_id: UUID
    programme: Programme
    sharing: Sharing | None
    specialties: tuple[str, ...] = ()
    booking: SelfBooking | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a request depends on besides the client's cover: is it the first, which episode does it belong to, who proposed the provider."""

    first: bool
    served: bool
    episode_id: UUID
    origin: Origin = "directory"


@dataclass(frozen=True, slots=True)
class Answer:
    """Accepted or declined, decided on a version of the request. Proposed times accept it."""

    request_id: UUID
    move: Move
    on_version: int
    reason: DeclineReason = "not_stated"
    proposed_times: tuple[datetime, ...] = field(default=())


def check(asked: Asked, client: Covered, *, first: bool) -> None:
    """Raises Problem."""
    check_offered(asked.programme, client.offered)
    check_choice(asked.sharing, first=first)


def submit(asked: Asked, client: Covered, standing: Standing, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """Raises Problem where it may not be made like this. In a state that is not served it is declined, with an invitation (S12)."""
    check(asked, client, first=standing.first)
    request = ConsultationRequest(
        request_id=asked.request_id,
        client_id=asked.client_id,
        provider_id=asked.provider_id,
        programme=asked.programme,
        first=standing.first,
        requested_at=now,
        episode_id=standing.episode_id,
        origin=standing.origin,
        specialties=asked.specialties,
    )
    told: tuple[Event, ...] = (_requested(request, client),)
    if asked.sharing:
        told += (chosen(asked.client_id, asked.request_id, asked.programme, asked.sharing, now),)
    if not standing.served:
        return _not_served(request, told, now)
    running = tuple(Arm(policy, request.request_id, now) for policy in (PROVIDER_RESPONSE, ALTERNATIVES_OFFERED, CONSULTATION_SCHEDULED))
    return request, Consequences(told, running, (to_provider(request, "request_submitted_provider"),))


def answer(request: ConsultationRequest, given: Answer, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """S7, S10: the provider is free to accept or decline. Raises Problem where it was not this version, or is past answering."""
    if given.on_version != request.version:
        raise Problem("state_changed", "The request has changed since. Look at it again.", field="If-Match", version=request.version)
    check_proposal(given.proposed_times, now)
    answered = moved(
        request,
        given.move,
        answered_at=request.answered_at or now,
        decline_reason=given.reason if given.move is Move.DECLINE else None,
        proposed_times=given.proposed_times,
    )
    if given.move is Move.DECLINE:
        return answered, declined(answered, now)
    consequences = _accepted(request, now) if request.state in UNANSWERED else Consequences()
    return answered, consequences + _proposed(answered, now)


def check_proposal(times: Sequence[datetime], now: datetime) -> None:
    if any(not now < at <= now + PROPOSAL_OPEN for at in times):
        raise Problem("invalid_request", "Times are proposed for the coming 30 days.", field="times", rule="S8")


def declined(request: ConsultationRequest, now: datetime) -> Consequences:
    """S10: it was answered, which is all that S7 asks; Client Matching goes on from here."""
    event = RequestDeclined(occurred_at=now, reason=request.decline_reason or "not_stated", **named(request))
    answered = Stop(PROVIDER_RESPONSE, request.request_id, now)
    gone = Cancel(request.request_id, "declined", (CONSULTATION_SCHEDULED, PROPOSAL_ANSWERED))
    return Consequences((event,), (answered, gone), (to_client(request, "request_declined_client"),))


def time_out(request: ConsultationRequest, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """S11: three days without an answer. That others were offered is for Client Matching to say."""
    event = RequestTimedOut(occurred_at=now, **named(request))
    return moved(request, Move.TIME_OUT), Consequences((event,))


def lapse_proposal(request: ConsultationRequest, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """The client has not taken any of the proposed times: it is the provider's turn again (S8)."""
    lapsed = request.model_copy(update={"proposed_times": (), "version": request.version + 1})
    running = (Cancel(request.request_id, "lapsed", (PROPOSAL_ANSWERED,)), Resume(CONSULTATION_SCHEDULED, request.request_id, now))
    return lapsed, Consequences(deadlines=running, notices=(to_provider(lapsed, "consultation_reminder_provider"),))


def moved(request: ConsultationRequest, move: Move, **changed: Any) -> ConsultationRequest:
    """Raises Problem where the table of moves has no such move."""
    return request.model_copy(update={"state": after(request.state, move), "version": request.version + 1, **changed})


def _accepted(request: ConsultationRequest, now: datetime) -> Consequences:
    event = RequestAccepted(occurred_at=now, **named(request))
    running = (
        Stop(PROVIDER_RESPONSE, request.request_id, now),
        Cancel(request.request_id, "answered", (ALTERNATIVES_OFFERED,)),
    )
    return Consequences((event,), running, (to_client(request, "request_accepted_client"),))


def answered_by_booking(request: ConsultationRequest, now: datetime) -> Consequences:
    """S6: what the client may book, the provider has offered. It answers a request that nobody has answered."""
    return _accepted(request, now) if request.state in UNANSWERED else Consequences()


def _proposed(request: ConsultationRequest, now: datetime) -> Consequences:
    """S8 waits while it is the client's turn, for two days at most."""
    if not request.proposed_times:
        return Consequences()
    running = (
        Pause(CONSULTATION_SCHEDULED, request.request_id, now, "times proposed"),
        Arm(PROPOSAL_ANSWERED, request.request_id, now),
    )
    notice = to_client(request, "times_proposed_client", f":{request.version}")
    return Consequences(deadlines=running, notices=(notice,))


def _not_served(request: ConsultationRequest, told: tuple[Event, ...], now: datetime) -> tuple[ConsultationRequest, Consequences]:
    reason: DeclineReason = "state_not_served"
    refused = request.model_copy(update={"state": RequestState.DECLINED, "decline_reason": reason, "answered_at": now})
    event = RequestDeclined(occurred_at=now, reason=reason, **named(refused))
    return refused, Consequences((*told, event), notices=(to_client(refused, "waitlist_invitation_client"),))


def to_client(request: ConsultationRequest, template: str, more: str = "") -> Notice:
    return Notice(Recipient("client", request.client_id), template, f"{template}:{request.request_id}{more}", request.request_id)


def to_provider(request: ConsultationRequest, template: str, more: str = "") -> Notice:
    return Notice(Recipient("provider", request.provider_id), template, f"{template}:{request.request_id}{more}", request.request_id)


def named(request: ConsultationRequest) -> dict[str, Any]:
    return {
        "client_id": request.client_id,
        "request_id": request.request_id,
        "provider_id": request.provider_id,
        "programme": request.programme,
    }


def _requested(request: ConsultationRequest, client: Covered) -> ConsultationRequested:
    return ConsultationRequested(
        occurred_at=request.requested_at,
        employer_id=client.employer_id,
        first=request.first,
        episode_id=request.episode_id,
        origin=request.origin,
        **named(request),
    )
