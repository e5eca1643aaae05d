"""What the other services are told of a completed response: its score. Single answers and comments never go on the bus."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from assessments.responses.rules import SATISFACTION, AssessmentResponse
from common.contracts.assessments import AssessmentCompleted, SatisfactionAnswered
from common.contracts.event import Event


def events_of(response: AssessmentResponse) -> Sequence[Event]:
    """None for a satisfaction form with a comment and no score: there is nothing to count."""
    about: dict[str, Any] = {
        "occurred_at": response.completed_at,
        "client_id": response.client_id,
        "response_id": response.response_id,
        "programme": response.programme,
        "assignment_id": response.assignment_id,
        "episode_id": response.episode_id,
    }
    if response.instrument == SATISFACTION:
        return [] if response.total is None else [SatisfactionAnswered(score=response.total, **about)]
    scored = AssessmentCompleted(
        instrument=cast(Literal["phq-9", "gad-7"], response.instrument),
        instrument_version=response.instrument_version,
        total=response.total,
        total_method=response.total_method,
        severity=response.severity,
        answered=response.answered,
        answered_by=response.answered_by,
        **about,
    )
    return [scored]
