"""What is to change in a client's assignments, now that something is known that was not. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from assessments.assignments.rules import Assignment, AssignmentState
from assessments.assignments.windows import DAY, Facts, Window, missed_window, window_of
from assessments.care.rules import Episode
from assessments.outcomes.rules import elevated_baseline
from assessments.schedules.rules import Schedule, Schedules
from common.contracts.assessments import BaselineElevated
from common.contracts.event import Event

NAMESPACE = UUID("3d1f4a07-7f0a-5b64-9a30-5f8a2d1c7e11")


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is None for one that is new."""

    before: Assignment | None
    after: Assignment
    schedule: Schedule
    episode: Episode

    def events(self, facts: Facts, now: datetime) -> Sequence[Event]:
        """A3: that a baseline is elevated is told once, with the follow-up that comes of it."""
        found = elevated_baseline(self.episode, facts.responses, facts.zone, facts.episodes)
        if self.before is not None or self.schedule.condition != "elevated_baseline" or found is None:
            return []
        return [
            BaselineElevated(
                event_id=uuid5(NAMESPACE, f"elevated {self.after.assignment_id}"),
                occurred_at=now,
                client_id=self.after.client_id,
                episode_id=self.after.episode_id,
                response_id=found.response.response_id,
                programme=self.after.programme,
                instrument="phq-9" if found.response.instrument == "phq-9" else "gad-7",
                rule_set=found.rule_set,
                rule_set_version=found.version,
            )
        ]


def assignment_id_of(episode_id: UUID, schedule: str) -> UUID:
    """One for each episode and schedule: nothing can be sent twice under two ids."""
    return uuid5(NAMESPACE, f"{episode_id} {schedule}")


def changes_of(schedules: Schedules, facts: Facts, there: Mapping[UUID, Assignment], now: datetime) -> Iterator[Change]:
    for episode in facts.episodes:
        for schedule in schedules.values():
            before = there.get(assignment_id_of(episode.episode_id, schedule.code))
            after = _planned(schedule, episode, facts, before, now)
            if after is not None and after != before:
                yield Change(before, after, schedule, episode)


def _planned(schedule: Schedule, episode: Episode, facts: Facts, before: Assignment | None, now: datetime) -> Assignment | None:
    """None where there is nothing to plan."""
    window = window_of(schedule, episode, facts, now)
    if before and before.state is AssignmentState.SENT:
        return _still_open(schedule, episode, before, window)
    if before and before.state in (AssignmentState.COMPLETED, AssignmentState.EXPIRED):
        return before
    if window and now < window.last_at:
        return _made(schedule, episode, facts, window)
    if before is None and (missed := missed_window(schedule, episode, facts, now)):
        return _made(schedule, episode, facts, missed).model_copy(update={"state": AssignmentState.NOT_SENT, "closed_at": now})
    if before and before.state is AssignmentState.QUEUED:
        state = AssignmentState.NOT_SENT if window or _visit_has_begun(episode, before, now) else AssignmentState.CANCELLED
        return before.model_copy(update={"state": state, "closed_at": now})
    return before


def _made(schedule: Schedule, episode: Episode, facts: Facts, window: Window) -> Assignment:
    return Assignment(
        assignment_id=assignment_id_of(episode.episode_id, schedule.code),
        client_id=facts.client_id,
        episode_id=episode.episode_id,
        programme=episode.programme,
        schedule=schedule.code,
        schedule_version=schedule.version,
        instruments=schedule.instruments,
        visit_id=window.visit_id,
        state=AssignmentState.QUEUED,
        send_at=window.send_at,
        due_at=window.due_at,
        closes_at=window.closes_at,
    )


def _still_open(schedule: Schedule, episode: Episode, sent: Assignment, window: Window | None) -> Assignment:
    """It can be answered until its visit, wherever that is moved to, and for a while where the visit falls through."""
    if schedule.before_visit is None or episode.first_session_on is not None:
        return sent
    if window:
        return sent.model_copy(update={"closes_at": window.closes_at, "visit_id": window.visit_id})
    if any(visit.visit_id == sent.visit_id and visit.state in ("cancelled", "missed") for visit in episode.visits):
        assert sent.sent_at is not None
        return sent.model_copy(update={"closes_at": sent.sent_at + schedule.before_visit.open_days * DAY})
    return sent


def _visit_has_begun(episode: Episode, queued: Assignment, now: datetime) -> bool:
    """Then it was due, and was not sent. A visit that was called off before it needed nothing."""
    return any(v.visit_id == queued.visit_id and v.state != "cancelled" and v.starts_at <= now for v in episode.visits)
