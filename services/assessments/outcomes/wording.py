"""Outcomes in words that a clinician understands: which two scores, which threshold, or why there is nothing to say. Pure."""

from datetime import date

from assessments.outcomes.definitions import TITLES, Measure, RuleSet, Scale, Thresholds
from assessments.outcomes.picks import Course, Pick, Reason, total
from assessments.outcomes.rules import Outcome, Result
from assessments.responses.rules import AssessmentResponse

REASONS: dict[Reason, str] = {
    "no_baseline": "no complete score at the beginning",
    "baseline_incomplete": "the answers at the beginning were not complete, and estimated totals do not count",
    "not_elevated": "the score at the beginning was not elevated",
    "not_finished": "too few sessions have been held",
    "no_session_yet": "no session has been held yet",
    "no_follow_up_yet": "no complete later score yet",
    "follow_up_incomplete": "the later answers were not complete, and estimated totals do not count",
    "window_not_open": "the time for the follow-up has not come yet",
    "window_passed_without": "the time for the follow-up has passed without a complete score",
}


def sentence(outcome: Outcome, result: Result) -> str:
    """Such as: Response: yes. PHQ-9 14 on 2026-01-05, then 6 on 2026-02-10; needed: at least 50 % lower."""
    name = result.measure.name.replace("_", " ").capitalize()
    if result.value is None:
        about = f"{TITLES[result.scale]}: " if result.scale else ""
        assert result.reason is not None, "what has no value has a reason"
        return f"{name}: not measurable. {about}{REASONS[result.reason]}."
    with_follow_up = result.measure.kind != "elevated"
    scores = [_scores(outcome, scale, with_follow_up) for scale in result.measure.scales]
    found = ", ".join(filter(None, scores))
    return f"{name}: {'yes' if result.value else 'no'}. {found}; needed: {needed(outcome.rule_set, result.measure)}."


def needed(rule_set: RuleSet, measure: Measure) -> str:
    """The thresholds of a measure."""

    def each(form: str, joined: str) -> str:
        return joined.join(f"{TITLES[scale]} {_filled(form, rule_set.scales[scale])}" for scale in measure.scales)

    recovered = f"{each('{elevated_from} or more', ' or ')} at first, {each('below {elevated_from}', ' and ')} at last"
    improved = f"{each('lower by {reliable_change} or more', ' or ')}, none higher by as much"
    match measure.kind:
        case "elevated":
            return each("{elevated_from} or more", " or ")
        case "follow_up":
            return "a complete score in the time for it"
        case "response":
            return each("at least {response_percent} % lower", " and ")
        case "remission":
            return each("below {remission_below}", " and ")
        case "reliable_improvement":
            return improved
        case "reliable_deterioration":
            return f"{each('higher by {reliable_change} or more', ' or ')}, none lower by as much"
        case "recovery":
            return recovered
        case "reliable_recovery":
            return f"{recovered}; {improved}"


def _filled(form: str, thresholds: Thresholds) -> str:
    return form.format(**thresholds.model_dump())


def _scores(outcome: Outcome, scale: Scale, with_follow_up: bool) -> str:
    pair, course = outcome.pairs[scale], outcome.course
    if pair.baseline.response is None:
        return ""
    before = f"{TITLES[scale]} {_dated(course, pair.baseline.response)}"
    if not with_follow_up:
        return before
    return f"{before}, then {_then(course, pair.follow_up)}"


def _then(course: Course, pick: Pick) -> str:
    if pick.response is None:
        return "none"
    outside = " (not from the time for the follow-up; the most recent one)" if pick.in_window is False else ""
    return _dated(course, pick.response) + outside


def _dated(course: Course, response: AssessmentResponse) -> str:
    day: date = course.day(response.completed_at)
    return f"{total(response)} on {day.isoformat()}"
