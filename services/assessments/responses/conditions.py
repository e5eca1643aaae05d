"""Who may answer what, and until when. Pure."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from assessments.assignments.rules import Assignment, AssignmentState
from assessments.responses.rules import SATISFACTION, Answerer
from common.problems import Problem


def not_yours() -> Problem:
    """Of somebody else's it is not even said that it exists."""
    return Problem("not_found", "There is nothing here that you may see.")


def check_may_answer(by: Answerer, client_id: UUID, providers: Collection[UUID]) -> None:
    """The client, or who takes care of the client now."""
    if by.id not in ({client_id} if by.role == "client" else providers):
        raise not_yours()


def check_may_answer_instrument(by: Answerer, instrument: str) -> None:
    """How likely somebody is to recommend us is nobody's to say but theirs, and providers do not read it either."""
    if instrument == SATISFACTION and by.role == "provider":
        raise Problem("forbidden", "Satisfaction is answered by the client, and by nobody on the client's behalf.", rule="A4")


def check_asked(assignment: Assignment, instrument: str, by: Answerer) -> None:
    if instrument not in assignment.instruments:
        raise Problem("not_found", "This does not ask for that instrument.")
    check_may_answer_instrument(by, instrument)


def check_answerable(assignment: Assignment, now: datetime) -> None:
    """Raises Problem, and says when it was submitted or closed. What was never sent cannot be answered either."""
    match assignment.state:
        case AssignmentState.COMPLETED:
            raise already_submitted(assignment.closed_at)
        case AssignmentState.EXPIRED:
            raise closed(assignment)
        case AssignmentState.SENT if now >= assignment.closes_at:
            raise closed(assignment)
        case AssignmentState.SENT:
            return
    raise not_yours()


def closed(assignment: Assignment) -> Problem:
    at = assignment.closes_at.isoformat()
    return Problem("assessment_closed", f"This could be answered until {at}. Nothing more is taken.", closed_at=at)


def already_submitted(at: datetime | None) -> Problem:
    when = at.isoformat() if at else None
    return Problem("already_submitted", f"This was submitted at {when}. It can no longer be changed.", submitted_at=when)
