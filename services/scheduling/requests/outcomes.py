"""How a request goes on after a consultation, and how it ends: good fit or not, withdrawn, another provider (S10, S14). Pure."""

from datetime import datetime
from typing import Literal

from common.contracts.scheduling import CareEnded, FitAssessed, Party, RequestWithdrawn
from scheduling.requests.rules import ConsultationRequest, moved, named, to_client, to_provider
from scheduling.requests.states import Move, RequestState
from scheduling.service_levels.rules import Cancel, Consequences

Ending = Literal["provider_change", "completed", "visit_limit"]


def assess_fit(request: ConsultationRequest, *, good_fit: bool, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """S10: client and provider are both free to say so. What was not a good fit goes to Client Matching."""
    event = FitAssessed(occurred_at=now, good_fit=good_fit, **named(request))
    if good_fit:
        return moved(request, Move.FIND_GOOD_FIT), Consequences((event,))
    over = moved(request, Move.FIND_NOT_A_GOOD_FIT)
    gone = Cancel(request.request_id, "not a good fit")
    return over, Consequences((event,), (gone,), (to_client(over, "not_a_good_fit_client"),))


def fit_by_session(request: ConsultationRequest, now: datetime) -> Consequences:
    """Whoever schedules a session after the consultation has found it a good fit."""
    if request.state is not RequestState.CONSULTATION_HELD:
        return Consequences()
    return Consequences((FitAssessed(occurred_at=now, good_fit=True, **named(request)),))


def withdraw(request: ConsultationRequest, by: Party, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """By the client, or by the network where the client has gone to another provider. No reason is asked for."""
    over = moved(request, Move.WITHDRAW, proposed_times=())
    event = RequestWithdrawn(occurred_at=now, by=by, **named(over))
    return over, Consequences((event,), (Cancel(over.request_id, "withdrawn"),), (to_provider(over, "request_withdrawn_provider"),))


def end(request: ConsultationRequest, reason: Ending, now: datetime) -> tuple[ConsultationRequest, Consequences]:
    """S14: client and provider go on no longer together."""
    over = moved(request, Move.END)
    event = CareEnded(occurred_at=now, reason=reason, **named(over))
    notices = (to_provider(over, "provider_change_provider"),) if reason == "provider_change" else ()
    return over, Consequences((event,), (Cancel(over.request_id, reason),), notices)
