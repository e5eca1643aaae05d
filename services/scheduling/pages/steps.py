"""How far a request has come on its way to the first session, and what is owed until when (S7, S8, S9, S11). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scheduling.appointments.rules import Appointment, AppointmentState
from scheduling.requests.queue import ServiceLevel
from scheduling.requests.rules import ConsultationRequest
from scheduling.requests.states import UNANSWERED, RequestState
from scheduling.service_levels.rules import CONSULTATION_SCHEDULED, FIRST_SESSION, PROVIDER_RESPONSE

Name = Literal["asked", "answered", "consultation", "session"]
Standing = Literal["done", "now", "ahead"]
CONSULTED = frozenset({RequestState.CONSULTATION_HELD, RequestState.GOOD_FIT, RequestState.SESSION_SCHEDULED, RequestState.IN_CARE})


@dataclass(frozen=True, slots=True)
class Step:
    """`at`: when it happened, or is to happen. `by`: until when it is promised, where nothing is agreed yet."""

    name: Name
    standing: Standing
    at: datetime | None = None
    by: datetime | None = None


def steps_of(request: ConsultationRequest, levels: Sequence[ServiceLevel], appointments: Sequence[Appointment]) -> Sequence[Step]:
    """In their order; exactly one of them is under way, unless care has begun."""
    due = {level.policy: level.due_at for level in levels}
    answered = request.state not in UNANSWERED
    consulted = request.state in CONSULTED
    in_care = request.state is RequestState.IN_CARE
    return (
        Step("asked", "done", at=request.requested_at),
        Step("answered", "done", at=request.answered_at) if answered else Step("answered", "now", by=due.get(PROVIDER_RESPONSE)),
        _meeting("consultation", appointments, due.get(CONSULTATION_SCHEDULED), done=consulted, now=answered),
        _meeting("session", appointments, due.get(FIRST_SESSION), done=in_care, now=consulted),
    )


def _meeting(name: Name, appointments: Sequence[Appointment], by: datetime | None, *, done: bool, now: bool) -> Step:
    planned = [a for a in appointments if a.kind == name and a.state in (AppointmentState.HELD, AppointmentState.SCHEDULED)]
    first = min(planned, key=lambda a: a.starts_at, default=None)
    at = first.starts_at if first else None
    return Step(name, "done" if done else "now" if now else "ahead", at, None if at or done else by)


def next_of(request: ConsultationRequest) -> str:
    """The key of the text that says what happens next."""
    return f"next.{request.state}_times" if request.proposed_times else f"next.{request.state}"
