"""Episodes and scores to measure, by day: day 0 is the day of the first session, a Monday at ten in Boston."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from assessments.care.rules import Episode, Visit, VisitState
from assessments.outcomes.definitions import RuleSet
from assessments.outcomes.picks import Course, courses
from assessments.outcomes.rules import Outcome, evaluate
from assessments.outcomes.shipped import newest
from assessments.responses.rules import AssessmentResponse
from common.contracts.vocabulary import Programme

ZONE = "America/New_York"
BOSTON = ZoneInfo(ZONE)
FIRST = date(2026, 3, 2)
CLIENT, EPISODE = UUID(int=1), UUID(int=2)
BANDS = {"phq-9": (5, 10, 15, 20), "gad-7": (5, 10, 15)}


def at(day: int, hour: int = 9, first: date = FIRST) -> datetime:
    """Local time in Boston, on a day counted from the first session's."""
    return datetime.combine(first + timedelta(days=day), time(hour), BOSTON).astimezone(UTC)


def score(
    instrument: str, total: int | None, when: datetime, method: str = "complete", episode_id: UUID | None = EPISODE
) -> AssessmentResponse:
    return AssessmentResponse.model_validate(
        {
            "response_id": uuid4(),
            "client_id": CLIENT,
            "programme": "care_connect",
            "episode_id": episode_id,
            "instrument": instrument,
            "instrument_version": "1",
            "language": "en",
            "answered": 9,
            "raw_sum": total or 0,
            "total": total,
            "total_method": method,
            "severity": None if total is None else str(sum(total >= low for low in BANDS[instrument])),
            "completed_at": when,
            "answered_by": "client",
            "source": "portal",
        }
    )


def phq(total: int | None, day: int, method: str = "complete", hour: int = 9) -> AssessmentResponse:
    return score("phq-9", total, at(day, hour), method)


def gad(total: int | None, day: int, method: str = "complete", hour: int = 9) -> AssessmentResponse:
    return score("gad-7", total, at(day, hour), method)


def visit(day: int, state: VisitState = "held", kind: str = "session", first: date = FIRST) -> Visit:
    held_on = first + timedelta(days=day) if state == "held" else None
    assert kind in ("session", "consultation")
    return Visit(uuid4(), UUID(int=3), kind, state, at(-20, first=first), at(day, 10, first), held_on)  # type: ignore[arg-type]


def episode(*visits: Visit, episode_id: UUID = EPISODE) -> Episode:
    return Episode(episode_id, CLIENT, Programme.CARE_CONNECT, visits or (visit(0), visit(7)))


def course(*responses: AssessmentResponse, visits: Sequence[Visit] = ()) -> Course:
    """With two sessions held, unless others are given."""
    return courses([episode(*visits)], responses, ZONE)[0]


def outcome(code: str | RuleSet, its: Course, day: int = 400) -> Outcome:
    return evaluate(newest(code) if isinstance(code, str) else code, its, at(day))


def measured(code: str | RuleSet, *responses: AssessmentResponse, day: int = 400, visits: Sequence[Visit] = ()) -> dict[str, bool | str]:
    """Each measure's value, or the reason that it has none."""
    results = outcome(code, course(*responses, visits=visits), day).results
    return {r.measure.name: str(r.reason) if r.value is None else r.value for r in results}
