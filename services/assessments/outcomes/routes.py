"""Outcomes over HTTP: the definitions, and what they say of a client's episodes, with the scores that it follows from."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from assessments.care.usecases import check_may_see
from assessments.outcomes import usecases
from assessments.outcomes.definitions import RuleSet, Scale
from assessments.outcomes.picks import Course, Pick, Reason, total
from assessments.outcomes.rules import Outcome, Pair
from assessments.outcomes.shipped import RULE_SETS
from assessments.outcomes.wording import sentence
from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Programme
from common.edge import Db, Now
from common.http import problems

router = APIRouter(prefix="/v1", tags=["outcomes"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))]
readers = Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.PLAN, Role.OPERATIONS))


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class ScoreOut(Shown):
    """A complete score. `on` is the client's local day."""

    response_id: UUID
    total: int
    severity: str | None
    on: date


class ScalePair(Shown):
    """The two scores that are compared, or why there is none. `in_window` is absent where the rule set has no window."""

    instrument: Scale
    baseline: ScoreOut | None
    baseline_reason: Reason | None
    follow_up: ScoreOut | None
    follow_up_reason: Reason | None
    in_window: bool | None


class MeasureOut(Shown):
    """`value` is absent where it cannot be measured: `reason` says why, `instrument` on which scale. `explanation` is for people."""

    measure: str
    value: bool | None
    reason: Reason | None
    instrument: Scale | None
    explanation: str


class OutcomeOut(Shown):
    """What one version of a rule set says of one episode, as far as is known at `measured_at`."""

    episode_id: UUID
    programme: Programme
    rule_set: str
    rule_set_version: int
    title: str
    first_session_on: date | None
    sessions_held: int
    scores: list[ScalePair]
    measures: list[MeasureOut]
    measured_at: datetime


class Outcomes(Shown):
    items: list[OutcomeOut]


class RuleSets(Shown):
    items: list[RuleSet]


@router.get("/outcome-rule-sets", operation_id="listOutcomeRuleSets", responses=problems(), dependencies=[readers])
async def list_outcome_rule_sets() -> RuleSets:
    """Every published version: what is picked, the thresholds, the source, what of it is not verified, and what we have chosen."""
    return RuleSets(items=list(RULE_SETS.values()))


@router.get("/clients/{client_id}/outcomes", operation_id="listOutcomes", responses=problems("not_found"))
async def list_outcomes(db: Db, caller: Reader, client_id: UUID, now: Now) -> Outcomes:
    """By episode, each rule set in its newest version. Only complete scores count; prorated totals are for clinicians' eyes."""
    await check_may_see(db, caller, client_id)
    return Outcomes(items=[_shown(outcome, now) for outcome in await usecases.outcomes_of(db, client_id, now)])


def _shown(outcome: Outcome, now: datetime) -> OutcomeOut:
    rule_set, course = outcome.rule_set, outcome.course
    return OutcomeOut(
        episode_id=course.episode.episode_id,
        programme=course.episode.programme,
        rule_set=rule_set.code,
        rule_set_version=rule_set.version,
        title=rule_set.title,
        first_session_on=course.episode.first_session_on,
        sessions_held=course.episode.sessions_held,
        scores=[_pair(course, scale, pair) for scale, pair in outcome.pairs.items()],
        measures=[
            MeasureOut(measure=r.measure.name, value=r.value, reason=r.reason, instrument=r.scale, explanation=sentence(outcome, r))
            for r in outcome.results
        ],
        measured_at=now,
    )


def _pair(course: Course, scale: Scale, pair: Pair) -> ScalePair:
    return ScalePair(
        instrument=scale,
        baseline=_score(course, pair.baseline),
        baseline_reason=pair.baseline.reason,
        follow_up=_score(course, pair.follow_up),
        follow_up_reason=pair.follow_up.reason,
        in_window=pair.follow_up.in_window,
    )


def _score(course: Course, pick: Pick) -> ScoreOut | None:
    found = pick.response
    if found is None:
        return None
    return ScoreOut(response_id=found.response_id, total=total(found), severity=found.severity, on=course.day(found.completed_at))
