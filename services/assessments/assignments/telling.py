"""How a sending is told: to the client by a notice with a link, to other services by an event. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assessments.assignments.rules import Assignment
from assessments.links.rules import sign
from assessments.schedules.rules import Schedule
from common.contracts.assessments import AssessmentExpired, AssessmentSent
from common.notices.rules import Notice

LINK_OUTLIVES = timedelta(days=60)
"""A visit may be moved, and with it the time to answer. Until when it can be answered, the assignment says; the link may be older."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a link is made of."""

    public_url: str
    link_key: bytes


def link_of(assignment: Assignment, told: Told) -> str:
    token = sign(told.link_key, assignment.assignment_id, assignment.closes_at + LINK_OUTLIVES)
    return f"{told.public_url.rstrip('/')}/forms/{token}"


def notice_of(assignment: Assignment, schedule: Schedule, told: Told, step: str) -> Notice:
    """`step`: `sent`, or the key of a reminder. Nothing clinical stands in it."""
    kind = "sent" if step == "sent" else "reminder"
    return Notice(
        "client",
        assignment.client_id,
        f"{schedule.notice}_{kind}_client",
        f"assignment:{assignment.assignment_id}:{step}",
        assignment.assignment_id,
        assignment.closes_at,
        link_of(assignment, told),
        _useful_until(assignment, schedule) if kind == "sent" else assignment.closes_at,
    )


def _useful_until(assignment: Assignment, schedule: Schedule) -> datetime:
    """Until its visit begins, also where it was sent late: who is told late is told all the same."""
    if schedule.before_visit is None:
        return assignment.due_at
    return assignment.closes_at - timedelta(hours=schedule.before_visit.answer_hours)


def sent(assignment: Assignment, now: datetime) -> AssessmentSent:
    return AssessmentSent(schedule_version=assignment.schedule_version, closes_at=assignment.closes_at, **_of(assignment, now))


def expired(assignment: Assignment, now: datetime) -> AssessmentExpired:
    return AssessmentExpired(**_of(assignment, now))


def _of(assignment: Assignment, now: datetime) -> dict[str, Any]:
    named = {"client_id", "assignment_id", "episode_id", "programme", "schedule", "instruments"}
    return {"occurred_at": now, **assignment.model_dump(include=named)}
