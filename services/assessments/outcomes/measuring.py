"""Measures a client's episodes again when something has become known, and tells what has changed.

Told is what the newest version of each rule set says at that moment. That a window has passed without a follow-up changes nothing by
itself: it is told with the next change, and seen at once by whoever looks (usecases.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments.facts import ZONES
from assessments.care.tables import episodes_of
from assessments.outcomes import tables
from assessments.outcomes.picks import Course, courses
from assessments.outcomes.rules import Outcome, evaluate
from assessments.outcomes.shipped import CODES, newest
from assessments.outcomes.tables import Told
from assessments.responses.rules import AssessmentResponse
from assessments.responses.tables import completed_of
from common.contracts.assessments import Measured, OutcomeMeasured
from common.contracts.event import Event

RULE_SETS = tuple(newest(code) for code in CODES)
SCALES = frozenset(scale for rule_set in RULE_SETS for scale in rule_set.scales)


async def response_completed(tx: AsyncConnection, response: AssessmentResponse, now: datetime) -> Sequence[Event]:
    """In the transaction that completes the response, which is stored already."""
    return await episode_changed(tx, response.client_id, now) if response.instrument in SCALES else []


async def episode_changed(tx: AsyncConnection, client_id: UUID, now: datetime) -> Sequence[Event]:
    """After an appointment of the client was booked, held or called off: another session may be the first, or the second."""
    zone = await tables.lock_client(tx, client_id)
    if zone is None:
        return []
    found = [course for course in await _courses(tx, client_id, zone) if any(map(course.on_scale, SCALES))]
    if not found:
        return []
    before = await tables.told_of(tx, [course.episode.episode_id for course in found])
    changed = list(_changed(found, before, now))
    await tables.keep(tx, client_id, [_told(outcome) for outcome in changed], now)
    return [_event(outcome, now) for outcome in changed]


async def outcomes_of(tx: AsyncConnection, client_id: UUID, zone: str, now: datetime) -> list[Outcome]:
    """All rule sets of all episodes, as they stand now."""
    return [evaluate(rule_set, course, now) for course in await _courses(tx, client_id, zone) for rule_set in RULE_SETS]


async def _courses(tx: AsyncConnection, client_id: UUID, zone: str) -> Sequence[Course]:
    episodes = (await episodes_of(tx, [client_id]))[client_id]
    if not episodes:
        return []
    return courses(episodes, await completed_of(tx, client_id), zone if zone in ZONES else "UTC")


def _changed(found: Sequence[Course], before: Mapping[tuple[UUID, str], Told], now: datetime) -> Iterator[Outcome]:
    """Before anything was answered on its scales there is nothing to tell of a rule set."""
    for course in found:
        for rule_set in RULE_SETS:
            outcome = evaluate(rule_set, course, now)
            told = before.get((course.episode.episode_id, rule_set.code))
            if told != _told(outcome) and (told or any(map(course.on_scale, rule_set.scales))):
                yield outcome


def _told(outcome: Outcome) -> Told:
    baselines = [pair.baseline.response for pair in outcome.pairs.values() if pair.baseline.response]
    follow_ups = [pair.follow_up.response for pair in outcome.pairs.values() if pair.follow_up.response]
    return Told(
        episode_id=outcome.course.episode.episode_id,
        rule_set=outcome.rule_set.code,
        version=outcome.rule_set.version,
        measures=[measured.model_dump() for measured in _measured(outcome)],
        baseline_response_ids=[response.response_id for response in baselines],
        follow_up_response_ids=[response.response_id for response in follow_ups],
        baseline_severity=baselines[0].severity if baselines else None,
    )


def _measured(outcome: Outcome) -> tuple[Measured, ...]:
    return tuple(Measured(measure=r.measure.name, value=r.value, reason=r.reason or "") for r in outcome.results)


def _event(outcome: Outcome, now: datetime) -> OutcomeMeasured:
    told, episode = _told(outcome), outcome.course.episode
    return OutcomeMeasured(
        occurred_at=now,
        client_id=episode.client_id,
        episode_id=told.episode_id,
        programme=episode.programme,
        rule_set=told.rule_set,
        rule_set_version=told.version,
        measures=_measured(outcome),
        baseline_response_ids=tuple(told.baseline_response_ids),
        follow_up_response_ids=tuple(told.follow_up_response_ids),
        baseline_severity=told.baseline_severity,
    )
