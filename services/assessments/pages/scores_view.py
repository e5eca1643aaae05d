"""What the page of the scores shows: a chart and a table with the same data for each instrument that has bands of severity."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from assessments.care import tables as care
from assessments.instruments.catalogue import find
from assessments.instruments.rules import Instrument
from assessments.pages.chart import Chart, Scored, draw
from assessments.pages.looking import client_of
from assessments.responses import tables as responses
from assessments.responses.rules import AssessmentResponse
from common.db import Database

CHARTED = ("phq-9", "gad-7")
"""What clients think of the services is no score of theirs."""
NOON = time(12)


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one instrument, the oldest first. `chart`: absent where nothing has a total."""

    instrument: Instrument
    responses: Sequence[AssessmentResponse]
    chart: Chart | None

    @property
    def drawn(self) -> Sequence[AssessmentResponse]:
        return [response for response in self.responses if response.total is not None]


@dataclass(frozen=True, slots=True)
class Course:
    """`sessions`: the day of the first session of each course of care, and of no other one (C16)."""

    zone: str
    scores: Sequence[Scores]
    sessions: Sequence[date]


async def course_of(db: Database, client_id: UUID, language: str) -> Course:
    zone = (await client_of(db, client_id)).zone
    async with db.begin() as tx:
        completed = await responses.completed_of(tx, client_id)
        episodes = (await care.episodes_of(tx, [client_id]))[client_id]
    sessions = sorted(day for episode in episodes if (day := episode.first_session_on) is not None)
    every = [_scores([r for r in completed if r.instrument == name], sessions, ZoneInfo(zone), language) for name in CHARTED]
    return Course(zone, [scores for scores in every if scores is not None], sessions)


def _scores(completed: Sequence[AssessmentResponse], sessions: Sequence[date], zone: ZoneInfo, language: str) -> Scores | None:
    if not completed:
        return None
    newest = completed[-1]
    instrument = find(newest.instrument, newest.instrument_version, language)
    points = [Scored(r.completed_at.astimezone(zone), r.total, r.total_method == "complete") for r in completed if r.total is not None]
    happened = [datetime.combine(day, NOON, zone) for day in sessions]
    return Scores(instrument, completed, draw(instrument.bands, points, happened) if points else None)
