"""One client's way through the programme: finds a provider, is seen, answers questionnaires. It may go on after today."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

from common.contracts.vocabulary import Programme
from demo import distributions as drawn
from demo.steps import Answer, Ask, FillIn, Hold, Recommend, Schedule, Sharing, Step

EWS_LIMIT = 6
"""Sessions. S13: typically 3 to 10, by the employer's contract; Care Connect has no limit."""
LONGEST = 20
ELEVATED = 10
"""The usual cut of PHQ-9 and GAD-7 (Kroenke, Spitzer, Williams 2001; Spitzer et al. 2006): from there on A3 sends the follow-up."""
HALF_HOUR = timedelta(minutes=30)
FIRST_HOUR, LAST_HOUR = 14, 22
"""Of visits, UTC: from 9 in the morning on the East coast."""


@dataclass
class Diaries:
    """Who sees whom when: nobody sees two at once (S6). Kept in half hours."""

    taken: dict[UUID, set[datetime]] = field(default_factory=lambda: defaultdict(set))

    def book(self, provider_id: UUID, wished: datetime, half_hours: int) -> datetime:
        """The first time from the wished one on at which the provider is free."""
        at = wished
        while self.taken[provider_id].intersection(span := [at + n * HALF_HOUR for n in range(half_hours)]):
            at = _working_time(at + HALF_HOUR)
        self.taken[provider_id].update(span)
        return at


@dataclass(frozen=True, slots=True)
class Visits:
    """Where a client's appointments are written down."""

    diaries: Diaries
    provider_id: UUID

    def book(self, wished: datetime, half_hours: int) -> datetime:
        return self.diaries.book(self.provider_id, wished, half_hours)


@dataclass(frozen=True, slots=True)
class Person:
    """What a story depends on."""

    sex: str
    programme: Programme
    sharing: Sharing


def story(rng: Random, person: Person, providers: Sequence[UUID], asked_at: datetime, diaries: Diaries) -> list[Step]:
    """In the order in which it happens."""
    steps: list[Step] = list(_asks(rng, providers, asked_at, person.sharing))
    if isinstance(last := steps[-1], Answer) and last.accepted:
        asked = next(step for step in reversed(steps) if isinstance(step, Ask))
        steps += _care(rng, person, asked_at, last.at, Visits(diaries, asked.provider_id))
    return sorted(steps, key=lambda step: step.at)


def _asks(rng: Random, providers: Sequence[UUID], asked_at: datetime, sharing: Sharing) -> Iterator[Ask | Answer]:
    """One provider after the other, until one accepts (S7, S10, S11); after the third the network's own team would take over."""
    choice: Sharing | None = sharing
    for provider_id in rng.sample(providers, min(3, len(providers))):
        yield Ask(asked_at, provider_id, choice)
        choice, answered_at = None, asked_at + timedelta(hours=rng.expovariate(1 / drawn.ANSWER_HOURS))
        drawn_answer = rng.random()
        if drawn_answer < drawn.ACCEPTED + drawn.REFUSED:
            yield Answer(answered_at, drawn_answer < drawn.ACCEPTED)
            if drawn_answer < drawn.ACCEPTED:
                return
            asked_at = answered_at + timedelta(hours=rng.uniform(1, 24))
        else:
            asked_at += timedelta(days=3)


def _care(rng: Random, person: Person, asked_at: datetime, accepted_at: datetime, visits: Visits) -> Iterator[Step]:
    earliest = max(asked_at + timedelta(days=drawn.days_to_consultation(rng)), accepted_at + timedelta(hours=2))
    consultation = visits.book(_in_office_hours(rng, earliest), 1)
    yield Schedule(accepted_at + timedelta(minutes=5), "consultation", consultation)
    elevated = False
    if rng.random() < drawn.FILLS_IN:  # A1: before the first visit
        phq_9 = drawn.phq_9_total(rng, person.sex)
        gad_7 = drawn.gad_7_total(rng, phq_9)
        elevated = max(phq_9, gad_7) >= ELEVATED
        filled_at = accepted_at + (consultation - accepted_at) * rng.uniform(0.1, 0.9) + timedelta(minutes=10)
        yield from _fill_in(rng, filled_at, phq_9, gad_7)
    else:
        phq_9 = gad_7 = 0
    if rng.random() < drawn.MISSED:
        return
    yield Hold(consultation + timedelta(minutes=30), consultation.date())
    if rng.random() < drawn.GOOD_FIT:
        first = _in_office_hours(rng, consultation + timedelta(days=drawn.days_to_first_session(rng), hours=2))
        first = visits.book(first, 2)
        yield from _sessions(rng, person.programme, consultation + timedelta(minutes=40), first, visits)
        yield from _afterwards(rng, first, phq_9, gad_7, elevated=elevated)


def _sessions(rng: Random, programme: Programme, scheduled_at: datetime, starts_at: datetime, visits: Visits) -> Iterator[Step]:
    cadence = timedelta(days=drawn.pick(rng, drawn.CADENCE_DAYS))
    for _ in range(EWS_LIMIT if programme is Programme.EWS else LONGEST):
        yield Schedule(scheduled_at, "session", starts_at)
        if rng.random() >= drawn.MISSED:
            yield Hold(starts_at + timedelta(minutes=50), starts_at.date())
        if rng.random() >= drawn.GOES_ON:
            return
        scheduled_at, starts_at = starts_at + timedelta(minutes=55), visits.book(starts_at + cadence, 2)


def _afterwards(rng: Random, first: datetime, phq_9: int, gad_7: int, *, elevated: bool) -> Iterator[Step]:
    if rng.random() < drawn.RECOMMENDS:
        yield Recommend(first + timedelta(days=rng.uniform(1, 14)), drawn.recommendation(rng))
    if elevated and rng.random() < drawn.FILLS_IN_AGAIN:  # A3: 4 to 6 weeks after the first session
        phq_9 = drawn.total_at_follow_up(rng, phq_9, drawn.PHQ_9_GAIN, drawn.PHQ_9_ITEMS)
        gad_7 = drawn.total_at_follow_up(rng, gad_7, drawn.GAD_7_GAIN, drawn.GAD_7_ITEMS)
        yield from _fill_in(rng, first + timedelta(days=rng.uniform(28, 42)), phq_9, gad_7)


def _fill_in(rng: Random, at: datetime, phq_9: int, gad_7: int) -> Iterator[FillIn]:
    yield FillIn(at, "phq-9", _answers(rng, phq_9, drawn.PHQ_9_WEIGHTS))
    yield FillIn(at + timedelta(minutes=4), "gad-7", _answers(rng, gad_7, drawn.GAD_7_WEIGHTS))


def _answers(rng: Random, total: int, weights: Sequence[float]) -> list[int | None]:
    scores: list[int | None] = [*drawn.item_scores(rng, total, weights)]
    if rng.random() < drawn.ITEM_LEFT_OUT:
        scores[rng.randrange(len(scores))] = None
    return scores


def _in_office_hours(rng: Random, earliest: datetime) -> datetime:
    """The first working day's hour from `earliest` on, at a half hour."""
    day = earliest.date() + timedelta(days=earliest.hour >= LAST_HOUR)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    first = max(FIRST_HOUR, earliest.hour + 1) if day == earliest.date() else FIRST_HOUR
    return datetime.combine(day, time(rng.randint(min(first, LAST_HOUR), LAST_HOUR), rng.choice((0, 30))), earliest.tzinfo)


def _working_time(at: datetime) -> datetime:
    """The same time, or the beginning of the next working day."""
    if at.hour > LAST_HOUR or at.hour < FIRST_HOUR:
        at = datetime.combine(at.date() + timedelta(days=at.hour > LAST_HOUR), time(FIRST_HOUR), at.tzinfo)
    while at.weekday() >= 5:
        at = datetime.combine(at.date() + timedelta(days=1), time(FIRST_HOUR), at.tzinfo)
    return at
