"""Clients' care, as it is needed here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from assessments.assignments.changes import Change, changes_of
from assessments.assignments.rules import Assignment
from assessments.assignments.windows import Facts
from assessments.care.rules import Episode, Visit
from assessments.responses.rules import AssessmentResponse
from assessments.schedules.rules import Schedule, Schedules
from assessments.schedules.versions import shipped
from common.contracts.vocabulary import Programme

NOON = datetime(2026, 11, 30, 17, tzinfo=UTC)
"""A Monday, in New York."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_YORK = "America/New_York"
SCHEDULES: Schedules = {schedule.code: schedule for schedule in shipped()}
FIRST, FOLLOW_UP, LATER = (SCHEDULES[code] for code in ("first_assessments", "follow_up", "satisfaction_later"))


def visit(booked_at: datetime, starts_at: datetime, state: Any = "scheduled", kind: Any = "consultation", on: date | None = None) -> Visit:
    return Visit(uuid4(), uuid4(), kind, state, booked_at, starts_at, on)


def session_held(on: date) -> Visit:
    at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    return visit(at - 5 * DAY, at, "held", "session", on)


def episode(*visits: Visit, programme: Programme = Programme.CARE_CONNECT, client: UUID | None = None) -> Episode:
    return Episode(uuid4(), client or uuid4(), programme, tuple(sorted(visits, key=lambda v: v.starts_at)))


def known(of: Episode, responses: Sequence[AssessmentResponse] = (), *, zone: str = NEW_YORK, in_care: bool = True) -> Facts:
    return Facts(of.client_id, zone, in_care, [of], responses)


def answered(of: Episode, at: datetime, total: int, instrument: str = "phq-9") -> AssessmentResponse:
    return AssessmentResponse(
        response_id=uuid4(),
        client_id=of.client_id,
        programme=of.programme,
        episode_id=of.episode_id,
        instrument=instrument,
        instrument_version="1",
        language="en",
        answered=9 if instrument == "phq-9" else 7,
        raw_sum=total,
        total=total,
        total_method="complete",
        severity=None,
        completed_at=at,
        answered_by="client",
        source="portal",
    )


def changed(facts: Facts, there: dict[UUID, Assignment], now: datetime, *schedules: Schedule) -> list[Change]:
    chosen = {schedule.code: schedule for schedule in schedules} or SCHEDULES
    return list(changes_of(chosen, facts, there, now))


def planned(facts: Facts, there: dict[UUID, Assignment], now: datetime, *schedules: Schedule) -> dict[UUID, Assignment]:
    """As it is recorded afterwards."""
    return there | {change.after.assignment_id: change.after for change in changed(facts, there, now, *schedules)}
