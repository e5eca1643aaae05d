"""Judges a run by what happened, when it was known, and what was told: each due assessment once and in its window, nothing else.

It knows nothing of how the service decides. What it holds against the service is by its own reading of the rules (reading.py).
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from common.contracts import assessments as told
from tests.simulation.histories import History
from tests.simulation.reading import (
    NUMBERS,
    Known,
    Score,
    Span,
    answered_shortly_before,
    baseline,
    days_span,
    first_span,
    states,
)
from tests.simulation.record import Learned, Run, Stop

MOMENT = timedelta(seconds=5)


@dataclass(slots=True)
class Case:
    """All about one client."""

    history: History
    learned: Learned
    states: list[Known]
    stops: Sequence[Stop]
    rests: Sequence[Stop]
    sent: list[told.AssessmentSent]
    expired: list[told.AssessmentExpired]
    elevated: list[told.BaselineElevated]
    scores: list[Score]
    notices: list[dict[str, Any]]

    def stop_of(self, at: datetime) -> Stop:
        return self.stops[max(0, bisect_right(self.stops, at, key=lambda stop: stop.begin) - 1)]

    def possible(self, at: datetime) -> list[Known]:
        """What can have been known at a moment: at least what surely was, and not more than was published."""
        surely = sum(known is not None and known < at for known in self.learned.known)
        return self.states[surely : bisect_right(self.learned.published, self.stop_of(at).end) + 1]

    def span(self, schedule: str, known: Known, episode: UUID, at: datetime) -> Span | None:
        if schedule == "first_assessments":
            return first_span(known, episode, at)
        session, baseline_on = known.first_session(episode), None
        if session is None or session.held_on is None or (schedule == "satisfaction_later" and not known.in_care):
            return None
        if schedule == "follow_up":
            found = baseline(known, episode, [score for score in self.scores if score.at <= at], self.history.zone)
            if found is None:
                return None
            baseline_on = found.at.astimezone(ZoneInfo(self.history.zone)).date()
        return days_span(schedule, session.held_on, self.history.zone, baseline_on)

    def sent_of(self, schedule: str, episode: UUID) -> list[told.AssessmentSent]:
        return [sent for sent in self.sent if (sent.schedule, sent.episode_id) == (schedule, episode)]

    def answered_at(self, sent: told.AssessmentSent) -> datetime | None:
        """When all of it was answered."""
        at = {score.instrument: score.at for score in self.scores if score.assignment == sent.assignment_id}
        return max(at.values()) if set(sent.instruments) <= set(at) else None

    def __str__(self) -> str:
        lines = [(e.occurred_at, f"{type(e).__name__} {getattr(e, 'kind', '')} {getattr(e, 'starts_at', '')}") for e in self.history.events]
        lines += [(s.occurred_at, f"  sent {s.schedule} {s.assignment_id}") for s in self.sent]
        lines += [(e.occurred_at, f"  expired {e.schedule}") for e in self.expired]
        lines += [(s.at, f"  answered {s.instrument} {s.total} {'' if s.complete else 'incomplete'} {s.assignment}") for s in self.scores]
        lines += [(n["taken_at"], f"    told {n['reason']} until {n['not_after']}") for n in self.notices]
        head = f"client {self.history.client_id} in {self.history.zone}"
        return "\n".join([head, *(f"  {at:%Y-%m-%d %H:%M:%S} {what}" for at, what in sorted(lines, key=lambda line: line[0]))])


def check(run: Run) -> list[str]:
    """What is wrong, each with the history of the client; nothing where all is well."""
    found = [f"{what}: {count}" for what, count in run.left.items()]
    for case in cases(run):
        wrong = [
            *_excepted(case, [e for e in run.exceptions if e["client_id"] == str(case.history.client_id)]),
            *_twice(case),
            *_unwanted(case),
            *_owed(case),
            *_told(case),
            *_reminded(case),
            *_closed(case),
        ]
        if wrong:
            found.append("\n".join([*wrong, str(case)]))
    return found


def cases(run: Run) -> Iterator[Case]:
    facts: dict[UUID, list[Any]] = defaultdict(list)
    notices: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for fact in run.facts:
        facts[fact.client_id].append(fact)
    for notice in run.notices:
        notices[notice["recipient_id"]].append(notice)
    rests = [stop for stop in run.stops if stop.at_rest]
    for history in run.histories:
        own, learned = facts[history.client_id], run.learned[history.client_id]
        yield Case(
            history,
            learned,
            states(history.events[: len(learned.published)]),
            run.stops,
            rests,
            [fact for fact in own if isinstance(fact, told.AssessmentSent)],
            [fact for fact in own if isinstance(fact, told.AssessmentExpired)],
            [fact for fact in own if isinstance(fact, told.BaselineElevated)],
            sorted((s for fact in own if (s := _score(fact))), key=lambda score: score.at),
            notices[history.client_id],
        )


def _score(fact: Any) -> Score | None:
    match fact:
        case told.AssessmentCompleted():
            complete = fact.total_method == "complete"
            return Score(fact.occurred_at, fact.instrument, fact.episode_id, fact.assignment_id, fact.total, complete)
        case told.SatisfactionAnswered():
            return Score(fact.occurred_at, "satisfaction", fact.episode_id, fact.assignment_id, fact.score, True)
    return None


def _twice(case: Case) -> Iterator[str]:
    for (schedule, episode), count in Counter((sent.schedule, sent.episode_id) for sent in case.sent).items():
        if count > 1:
            yield f"{schedule} was sent {count} times in {episode}"
    for episode, count in Counter(fact.episode_id for fact in case.elevated).items():
        if count > 1:
            yield f"an elevated baseline was told {count} times in {episode}"


def _unwanted(case: Case) -> Iterator[str]:
    """A1: before the visit, and for one that stands; A3: elevated, from day 28 to 42, 14 days after the baseline; in their windows all."""
    for sent in case.sent:
        at, name = sent.occurred_at, f"{sent.schedule} at {sent.occurred_at}"
        spans = [span for known in case.possible(at) if (span := case.span(sent.schedule, known, sent.episode_id, at))]
        fitting = [span for span in spans if span.opens <= at < span.ends]
        if not fitting:
            yield f"{name} was sent for nothing, or outside of its window {spans}"
        elif all(at > span.due for span in fitting) and sent.episode_id not in failed(case):
            yield f"{name} was sent late: due {fitting[-1].due}"
        if answered_shortly_before(sent.schedule, [s for s in case.scores if s.at < at - MOMENT], at + MOMENT):
            yield f"{name} was sent though all of it had just been answered"


def _excepted(case: Case, listed: Sequence[dict[str, Any]]) -> Iterator[str]:
    """An exception is listed if, and only if, there was no time at all at which it could have been sent as it should."""
    expected = failed(case)
    for e in listed:
        if e["schedule"] != "first_assessments" or UUID(e["episode_id"]) not in expected:
            yield f"an exception: {e['schedule']} {e['state']} {e['send_at']} to {e['due_at']}, sent at {e['sent_at']}"
    for episode in expected - {UUID(e["episode_id"]) for e in listed}:
        yield f"no exception is listed, and nothing could be sent in {episode}"


def failed(case: Case) -> set[UUID]:
    """Episodes whose first assessments were due while nothing worked. Days are never away for so long. What was sent, or was not because it
    had just been answered, is settled for its episode."""
    found, settled = set[UUID](), set[UUID]()
    events = case.history.events[: len(case.learned.published)]
    for n, event in enumerate(events):
        known, until = case.states[n + 1], events[n + 1].occurred_at if n + 1 < len(events) else case.stops[-1].end
        for episode in {meeting.episode for meeting in known.meetings.values()} - settled:
            span = first_span(known, episode, event.occurred_at)
            begin = max(span.opens, event.occurred_at) if span else until
            if span and _worked(case, begin, min(span.due, until)):
                settled.add(episode)
            elif span and span.due <= until and not _needless(case, episode, begin, span.due):
                found.add(episode)
    return found


def _worked(case: Case, begin: datetime, until: datetime) -> bool:
    stop = bisect_left(case.rests, begin, key=lambda stop: stop.end)
    return stop < len(case.rests) and case.rests[stop].begin < until


def _needless(case: Case, episode: UUID, begin: datetime, due: datetime) -> bool:
    sent = any(sent.occurred_at < begin for sent in case.sent_of("first_assessments", episode))
    return sent or answered_shortly_before("first_assessments", [s for s in case.scores if s.at < due], due)


def _owed(case: Case) -> Iterator[str]:
    """What was due when all was at rest had been sent by then, or been answered shortly before."""
    for episode in {meeting.episode for meeting in case.states[-1].meetings.values()}:
        for schedule in NUMBERS:
            due = next(_due(case, schedule, episode), None)
            if due and not _settled(case, schedule, episode, due):
                yield f"{schedule} of {episode} was due, and not sent by {due.end}"


def _due(case: Case, schedule: str, episode: UUID) -> Iterator[Stop]:
    """The stops at the end of which it had to be sent, as far as was known."""
    counts = [known for known in case.learned.known if known is not None]
    for n, known in enumerate(case.states):
        begin = counts[n - 1] if 0 < n <= len(counts) else None
        if begin is None or not any(meeting.episode == episode for meeting in known.meetings.values()):
            continue
        first = bisect_left(case.rests, begin, key=lambda stop: stop.end)
        last = bisect_left(case.rests, counts[n], key=lambda stop: stop.end) if n < len(counts) else len(case.rests)
        yield from _due_while(case, schedule, episode, known, case.rests[first:last])


def _due_while(case: Case, schedule: str, episode: UUID, known: Known, rests: Sequence[Stop]) -> Iterator[Stop]:
    while rests:
        stop = rests[0]
        span = case.span(schedule, known, episode, stop.end)
        if span is None or span.ends <= stop.end:
            return
        if span.opens <= stop.begin:
            yield stop
            return
        rests = rests[max(1, bisect_left(rests, span.opens, key=lambda stop: stop.begin)) :]


def _settled(case: Case, schedule: str, episode: UUID, due: Stop) -> bool:
    if any(sent.occurred_at <= due.end for sent in case.sent_of(schedule, episode)):
        return True
    around = [due.begin, due.end, *(stop.end for stop in case.rests if due.begin - timedelta(days=2) < stop.end <= due.end)]
    return any(answered_shortly_before(schedule, case.scores, at) for at in around)


def _told(case: Case) -> Iterator[str]:
    """Handed over once for each reason, while it was of use; always, where scheduling took notices meanwhile."""
    by_reason = {notice["reason"]: notice for notice in case.notices if notice["reason"].startswith("assignment:")}
    expected = {f"assignment:{sent.assignment_id}:sent": sent for sent in case.sent}
    for reason in by_reason:
        if reason.endswith(":sent") and reason not in expected:
            yield f"{reason} was told, and never sent"
    for reason, sent in expected.items():
        notice = by_reason.get(reason)
        if notice is None and _could_be_told(case, sent):
            yield f"{reason} was never told"
        if notice and (notice["taken_at"] >= notice["not_after"] or not notice["link"]):
            yield f"{reason} was told too late, at {notice['taken_at']}"


def _could_be_told(case: Case, sent: told.AssessmentSent) -> bool:
    at = sent.occurred_at
    spans = [s for known in case.possible(at) if (s := case.span(sent.schedule, known, sent.episode_id, at))]
    until = min((span.ends for span in spans), default=at)
    return any(stop.tells and at <= stop.end and stop.begin < until for stop in case.rests)


def _reminded(case: Case) -> Iterator[str]:
    """Only while it can be answered, and is not answered yet."""
    for sent in case.sent:
        reminders = [n for n in case.notices if n["reason"].startswith(f"assignment:{sent.assignment_id}:reminder")]
        answered = case.answered_at(sent)
        if len(reminders) > len(NUMBERS[sent.schedule]["reminder_hours"]):
            yield f"{sent.schedule} was reminded of {len(reminders)} times"
        for notice in reminders:
            if answered and answered < case.stop_of(notice["taken_at"]).begin:
                yield f"reminded of {sent.schedule} at {notice['taken_at']}, answered at {answered}"
            if notice["taken_at"] >= notice["not_after"]:
                yield f"reminded of {sent.schedule} too late, at {notice['taken_at']}"


def _closed(case: Case) -> Iterator[str]:
    """What was sent is answered, or expires, and not both."""
    closed = Counter(fact.assignment_id for fact in case.expired)
    for sent in case.sent:
        answered = case.answered_at(sent)
        if closed[sent.assignment_id] > 1 or (closed[sent.assignment_id] and answered):
            yield f"{sent.schedule} expired {closed[sent.assignment_id]} times, answered {answered}"
        if not answered and not closed[sent.assignment_id] and sent.closes_at + timedelta(days=50) < case.stops[-1].begin:
            yield f"{sent.schedule} of {sent.occurred_at} is still open"
    if unknown := set(closed) - {sent.assignment_id for sent in case.sent}:
        yield f"expired, and never sent: {unknown}"
