"""Measures a client's episodes again when something has become known, and tells what has changed.

Told is what the newest version of each rule set says at that moment. That a window has passed without a follow-up changes nothing by
itself: it is told with the next change, and seen at once by whoever looks (usecases.py).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from assessments.assignments.windows import Facts
from assessments.care.rules import Episode
from assessments.outcomes import tables
from assessments.outcomes.picks import Course, courses
from assessments.outcomes.rules import Outcome, evaluate
from assessments.outcomes.shipped import CODES, newest
from assessments.outcomes.tables import Told
from common.contracts.assessments import Measured, OutcomeMeasured
from common.contracts.event import Event

RULE_SETS = tuple(newest(code) for code in CODES)
SCALES = frozenset(scale for rule_set in RULE_SETS for scale in rule_set.scales)


async def measure(tx: AsyncConnection, clients: Collection[Facts], now: datetime) -> Sequence[Event]:
    """After a response was completed, or an appointment booked, held or called off: another session may be the first, or the second.

    The clients are locked by whoever has read what is known of them (assignments/planning.py), so nothing is lost between two of us.
    """
    return await _tell(tx, [course for known in clients for course in courses(known.episodes, known.responses, known.zone)], now)


def outcomes_of(known: Facts, now: datetime) -> list[Outcome]:
    """All rule sets of all episodes, as they stand now."""
    return [evaluate(rule_set, course, now) for course in courses(known.episodes, known.responses, known.zone) for rule_set in RULE_SETS]


async def _tell(tx: AsyncConnection, found: Sequence[Course], now: datetime) -> Sequence[Event]:
    answered = [course for course in found if any(map(course.on_scale, SCALES))]
    if not answered:
        return []
    before = await tables.told_of(tx, [course.episode.episode_id for course in answered])
    changed = list(_changed(answered, before, now))
    await tables.keep(tx, [told for _, told in changed], now)
    return [_event(course.episode, told, now) for course, told in changed]


def _changed(found: Sequence[Course], before: Mapping[tuple[UUID, str], Told], now: datetime) -> Iterator[tuple[Course, Told]]:
    """Before anything was answered on its scales there is nothing to tell of a rule set."""
    for course in found:
        for rule_set in RULE_SETS:
            known = before.get((course.episode.episode_id, rule_set.code))
            if known or any(map(course.on_scale, rule_set.scales)):
                told = _told(evaluate(rule_set, course, now))
                if told != known:
                    yield course, told


def _told(outcome: Outcome) -> Told:
    baselines = [pair.baseline.response for pair in outcome.pairs.values() if pair.baseline.response]
    follow_ups = [pair.follow_up.response for pair in outcome.pairs.values() if pair.follow_up.response]
    return Told(
        episode_id=outcome.course.episode.episode_id,
        rule_set=outcome.rule_set.code,
        client_id=outcome.course.episode.client_id,
        version=outcome.rule_set.version,
        measures=[{"measure": r.measure.name, "value": r.value, "reason": r.reason or ""} for r in outcome.results],
        baseline_response_ids=[response.response_id for response in baselines],
        follow_up_response_ids=[response.response_id for response in follow_ups],
        baseline_severity=baselines[0].severity if baselines else None,
    )


def _event(episode: Episode, told: Told, now: datetime) -> OutcomeMeasured:
    """`baseline_severity` is that of the first scale of the rule set that has a baseline."""
    return OutcomeMeasured(
        occurred_at=now,
        client_id=told.client_id,
        episode_id=told.episode_id,
        programme=episode.programme,
        rule_set=told.rule_set,
        rule_set_version=told.version,
        measures=tuple(Measured(**measured) for measured in told.measures),
        baseline_response_ids=tuple(told.baseline_response_ids),
        follow_up_response_ids=tuple(told.follow_up_response_ids),
        baseline_severity=told.baseline_severity,
    )
