"""What a rule set says of an episode: each measure true, false, or not measurable and why; from which two scores. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assessments.care.rules import Episode
from assessments.outcomes.definitions import OF_EVERYBODY, Measure, RuleSet, Scale
from assessments.outcomes.picks import Course, Pick, Reason, baseline_for_clinicians, baseline_of, courses, follow_up_of, total
from assessments.outcomes.shipped import newest
from assessments.responses.rules import AssessmentResponse

PROGRAMME = newest("programme")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two scores of one scale that are compared."""

    baseline: Pick
    follow_up: Pick

    @property
    def change(self) -> int:
        """Below 0: better. Only where there are both."""
        before, after = self.baseline.response, self.follow_up.response
        if before is None or after is None:
            raise AssertionError("asked for only where both are there")
        return total(after) - total(before)


Pairs = Mapping[Scale, Pair]


@dataclass(frozen=True, slots=True)
class Result:
    """`reason` and `scale`, the scale that it is about where it is about one, stand where there is no value."""

    measure: Measure
    value: bool | None
    reason: Reason | None = None
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    rule_set: RuleSet
    course: Course
    pairs: Pairs
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class ElevatedBaseline:
    """A3: the score that is elevated, and by which rule set and version."""

    response: AssessmentResponse
    instrument: Scale
    rule_set: str
    version: int


def evaluate(rule_set: RuleSet, course: Course, now: datetime) -> Outcome:
    pairs = {scale: _pair(rule_set, course, scale, now) for scale in rule_set.scales}
    return Outcome(rule_set, course, pairs, tuple(_result(rule_set, measure, course, pairs) for measure in rule_set.measures))


def elevated(rule_set: RuleSet, response: AssessmentResponse) -> bool:
    """A complete score at or above the rule set's cut-off."""
    thresholds = {str(scale): its for scale, its in rule_set.scales.items()}.get(response.instrument)
    return thresholds is not None and response.total_method == "complete" and total(response) >= thresholds.elevated_from


def elevated_baseline(
    episode: Episode,
    responses: Sequence[AssessmentResponse],
    zone: str,
    episodes: Sequence[Episode] = (),
    rule_set: RuleSet = PROGRAMME,
) -> ElevatedBaseline | None:
    """Where both scales are elevated, the one that the rule set names first. Provisional until the first session has been held. A
    prorated total counts here: the follow-up serves the client.

    `responses` and `episodes` are all of the client's: what was answered unasked goes to the episode that it falls into.
    """
    all_episodes = episodes or (episode,)
    course = next(course for course in courses(all_episodes, responses, zone) if course.episode.episode_id == episode.episode_id)
    for scale in rule_set.scales:
        found = baseline_for_clinicians(rule_set, course, scale)
        if found is not None and total(found) >= rule_set.scales[scale].elevated_from:
            return ElevatedBaseline(found, scale, rule_set.code, rule_set.version)
    return None


def _pair(rule_set: RuleSet, course: Course, scale: Scale, now: datetime) -> Pair:
    baseline = baseline_of(rule_set, course, scale)
    if baseline.response is None:
        return Pair(baseline, Pick(reason=baseline.reason))
    return Pair(baseline, follow_up_of(rule_set, course, baseline.response, now))


def _result(rule_set: RuleSet, measure: Measure, course: Course, pairs: Pairs) -> Result:
    if measure.kind == "elevated":
        return _elevated(rule_set, measure, pairs)
    if refused := _without_baseline(rule_set, measure, pairs):
        return refused
    if course.episode.sessions_held < rule_set.sessions_held:
        return Result(measure, None, "not_finished")
    if measure.kind == "follow_up":
        return _followed_up(rule_set, measure, pairs)
    for scale in measure.scales:
        if pairs[scale].follow_up.response is None:
            return Result(measure, None, pairs[scale].follow_up.reason, scale)
    return Result(measure, _decide(rule_set, measure, pairs))


def _elevated(rule_set: RuleSet, measure: Measure, pairs: Pairs) -> Result:
    """True as soon as one scale is; false only once all are known not to be."""
    if _elevated_scales(rule_set, measure, pairs):
        return Result(measure, True)
    for scale in measure.scales:
        if pairs[scale].baseline.response is None:
            return Result(measure, None, pairs[scale].baseline.reason, scale)
    return Result(measure, False)


def _without_baseline(rule_set: RuleSet, measure: Measure, pairs: Pairs) -> Result | None:
    """For a follow-up one elevated scale is enough; whatever compares scales needs each of them."""
    elevated_scales = _elevated_scales(rule_set, measure, pairs)
    if measure.kind == "follow_up" and elevated_scales:
        return None
    for scale in measure.scales:
        if pairs[scale].baseline.response is None:
            return Result(measure, None, pairs[scale].baseline.reason, scale)
    if not elevated_scales and measure.kind not in OF_EVERYBODY:
        return Result(measure, None, "not_elevated")
    return None


def _followed_up(rule_set: RuleSet, measure: Measure, pairs: Pairs) -> Result:
    """False once the window has passed without one."""
    picks = {scale: pairs[scale].follow_up for scale in _elevated_scales(rule_set, measure, pairs)}
    if any(pick.response for pick in picks.values()):
        return Result(measure, True)
    if all(pick.closed for pick in picks.values()):
        return Result(measure, False)
    scale, pick = next((scale, pick) for scale, pick in picks.items() if not pick.closed)
    return Result(measure, None, pick.reason, scale)


def _elevated_scales(rule_set: RuleSet, measure: Measure, pairs: Pairs) -> Sequence[Scale]:
    found = {scale: pairs[scale].baseline.response for scale in measure.scales}
    return [scale for scale, response in found.items() if response and elevated(rule_set, response)]


def _decide(rule_set: RuleSet, measure: Measure, pairs: Pairs) -> bool:
    """All scales of the measure have both scores."""
    match measure.kind:
        case "response":
            return all(_responded(rule_set, pairs, scale) for scale in measure.scales)
        case "remission":
            return all(_after(pairs, scale) < (rule_set.scales[scale].remission_below or 0) for scale in measure.scales)
        case "reliable_improvement":
            return _reliably(rule_set, measure, pairs, -1)
        case "reliable_deterioration":
            return _reliably(rule_set, measure, pairs, 1)
        case "recovery":
            return _recovered(rule_set, measure, pairs)
        case "reliable_recovery":
            return _recovered(rule_set, measure, pairs) and _reliably(rule_set, measure, pairs, -1)
    raise AssertionError(f"{measure.kind} does not compare two scores")


def _reliably(rule_set: RuleSet, measure: Measure, pairs: Pairs, direction: int) -> bool:
    """On one scale by the reliable change at least, and on none as far the other way."""
    moved = [direction * pairs[scale].change for scale in measure.scales]
    needed = [rule_set.scales[scale].reliable_change or 0 for scale in measure.scales]
    pairwise = list(zip(moved, needed, strict=True))
    return any(change >= need for change, need in pairwise) and not any(-change >= need for change, need in pairwise)


def _recovered(rule_set: RuleSet, measure: Measure, pairs: Pairs) -> bool:
    return all(_after(pairs, scale) < rule_set.scales[scale].elevated_from for scale in measure.scales)


def _responded(rule_set: RuleSet, pairs: Pairs, scale: Scale) -> bool:
    """In integers: half of an odd score is no whole number."""
    before = _after(pairs, scale) - pairs[scale].change
    return -100 * pairs[scale].change >= (rule_set.scales[scale].response_percent or 0) * before


def _after(pairs: Pairs, scale: Scale) -> int:
    response = pairs[scale].follow_up.response
    assert response is not None, "asked for only where there is a follow-up"
    return total(response)
