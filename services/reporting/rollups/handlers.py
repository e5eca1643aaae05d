"""Facts from scheduling and assessments, kept for counting. Everybody is counted, whoever shares what (R6).

Each fact is kept once, in whatever order it comes, and marks its client: the counts follow (counting.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from common.applying import Handler, Received
from common.contracts.assessments import AssessmentCompleted, AssessmentSent, OutcomeMeasured, SatisfactionAnswered
from common.contracts.event import Event
from common.contracts.scheduling import (
    AppointmentHeld,
    CareEpisodeEnded,
    CareEpisodeReopened,
    CareSought,
    ClientRegistered,
    Clock,
    ConsultationRequested,
    SpeedToCareMeasured,
)
from common.db import Connection
from reporting.rollups import facts
from reporting.rollups.marking import wake

SATISFACTION = "satisfaction"
"""The instrument's code in what was sent."""
RULE_SET = "programme"
"""Outcomes are those of the programme's own rule set."""
MEASURES = ("elevated", "reliable_improvement", "reliable_deterioration", "recovery")


async def _keep(tx: Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """A row an event; the columns of the statement's `unnest`."""
    await tx.execute(statement, *(list(column) for column in zip(*rows, strict=True)))
    wake()


async def on_client_registered(tx: Connection, received: Sequence[Received[ClientRegistered]]) -> None:
    events = [r.event for r in received]
    rows = [(e.client_id, e.plan_id, e.employer_id, e.programme, e.time_zone) for e in events]
    await _keep(tx, facts.KEEP_CLIENTS, rows)


async def on_consultation_requested(tx: Connection, received: Sequence[Received[ConsultationRequested]]) -> None:
    events = [r.event for r in received]
    rows = [(e.request_id, e.client_id, e.episode_id, e.provider_id, e.occurred_at) for e in events]
    await _keep(tx, facts.KEEP_REQUESTS, rows)


async def on_care_sought(tx: Connection, received: Sequence[Received[CareSought]]) -> None:
    events = [r.event for r in received]
    rows = [(e.episode_id, e.client_id, e.employer_id, e.programme, e.occurred_at, e.served) for e in events]
    await _keep(tx, facts.KEEP_SOUGHT, rows)


async def on_speed_to_care_measured(tx: Connection, received: Sequence[Received[SpeedToCareMeasured]]) -> None:
    by_clock = defaultdict[Clock, list[Received[SpeedToCareMeasured]]](list)
    for r in received:
        by_clock[r.event.clock].append(r)
    for clock, group in by_clock.items():
        rows = [
            (e.episode_id, e.client_id, e.employer_id, e.programme, e.sought_at, e.reached_at, e.elapsed_seconds, e.business_days)
            for e in (r.event for r in group)
        ]
        await _keep(tx, facts.keep_reached(clock), rows)


async def on_care_episode_ended(tx: Connection, received: Sequence[Received[CareEpisodeEnded]]) -> None:
    rows = [
        (e.episode_id, e.client_id, e.employer_id, e.programme, e.occurred_at if e.outcome == "withdrawn" else None, r.entry.position)
        for r in received
        for e in [r.event]
    ]
    await _keep(tx, facts.KEEP_ENDED, rows)


async def on_care_episode_reopened(tx: Connection, received: Sequence[Received[CareEpisodeReopened]]) -> None:
    rows = [(e.episode_id, e.client_id, e.employer_id, e.programme, None, r.entry.position) for r in received for e in [r.event]]
    await _keep(tx, facts.KEEP_ENDED, rows)


async def on_appointment_held(tx: Connection, received: Sequence[Received[AppointmentHeld]]) -> None:
    events = [r.event for r in received]
    rows = [(e.appointment_id, e.client_id, e.request_id, e.provider_id, e.kind, e.held_on) for e in events]
    await _keep(tx, facts.KEEP_SESSIONS, rows)


async def on_assessment_sent(tx: Connection, received: Sequence[Received[AssessmentSent]]) -> None:
    """Whoever was sent the question how likely they are to recommend (A4)."""
    if asking := [r for r in received if SATISFACTION in r.event.instruments]:
        events = [r.event for r in asking]
        rows = [(e.assignment_id, e.client_id, e.episode_id, e.programme, e.occurred_at) for e in events]
        await _keep(tx, facts.KEEP_ASKED, rows)


async def on_assessment_completed(tx: Connection, received: Sequence[Received[AssessmentCompleted]]) -> None:
    events = [r.event for r in received]
    rows = [(e.response_id, e.client_id, e.instrument, e.total, e.total_method) for e in events]
    await _keep(tx, facts.KEEP_SCORES, rows)


async def on_satisfaction_answered(tx: Connection, received: Sequence[Received[SatisfactionAnswered]]) -> None:
    events = [r.event for r in received]
    rows = [(e.assignment_id or e.response_id, e.client_id, e.episode_id, e.programme, e.occurred_at, e.score) for e in events]
    await _keep(tx, facts.KEEP_ANSWERS, rows)


async def on_outcome_measured(tx: Connection, received: Sequence[Received[OutcomeMeasured]]) -> None:
    if ours := [r for r in received if r.event.rule_set == RULE_SET]:
        await _keep(tx, facts.KEEP_OUTCOMES, map(_outcome, ours))


def _outcome(received: Received[OutcomeMeasured]) -> tuple[object, ...]:
    event = received.event
    values = {measured.measure: measured.value for measured in event.measures}
    ids = ("{" + ",".join(map(str, sorted(ids))) + "}" for ids in (event.baseline_response_ids, event.follow_up_response_ids))
    return event.episode_id, event.client_id, received.entry.position, *(values.get(measure) for measure in MEASURES), *ids


SCHEDULING: Mapping[type[Event], Handler] = {
    ClientRegistered: on_client_registered,
    ConsultationRequested: on_consultation_requested,
    CareSought: on_care_sought,
    SpeedToCareMeasured: on_speed_to_care_measured,
    CareEpisodeEnded: on_care_episode_ended,
    CareEpisodeReopened: on_care_episode_reopened,
    AppointmentHeld: on_appointment_held,
}
ASSESSMENTS: Mapping[type[Event], Handler] = {
    AssessmentSent: on_assessment_sent,
    AssessmentCompleted: on_assessment_completed,
    SatisfactionAnswered: on_satisfaction_answered,
    OutcomeMeasured: on_outcome_measured,
}
