"""What a new piece of knowledge does to what is known of a client's coverage. Pure; nothing is overwritten, only superseded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from common.contracts.vocabulary import Programme
from scheduling.eligibility.rules import Period, Source
from scheduling.employers.rules import DAY


@dataclass(frozen=True, slots=True)
class Statement:
    """From `starts_on` on this is what holds for the client at this employer; what was known of the days before it stays."""

    client_id: UUID
    employer_id: UUID
    plan_id: UUID
    starts_on: date
    ends_on: date | None = None
    programme: Programme | None = None
    """None: for all that the employer offers."""


@dataclass(slots=True)
class Ledger:
    """One client's periods while changes are applied one after the other. `now` is when this became known."""

    known: list[Period]
    source: Source
    now: datetime
    superseded: list[Period] = field(default_factory=list)
    added: list[Period] = field(default_factory=list)

    def state(self, said: Statement) -> None:
        """Changes nothing where it is known already."""
        affected = [p for p in self.known if p.employer_id == said.employer_id and said.programme in (None, p.programme)]
        later = [p for p in affected if p.ends_on is None or p.ends_on >= said.starts_on]
        if [_said_by(p) for p in later] == [said]:
            return
        for period in later:
            self._cut(period, said.starts_on - DAY)
        self._add(said)

    def end(self, last_day: date, concerns: Callable[[Period], bool]) -> int:
        """How many of the periods ended earlier by it."""
        open_after = [p for p in self.known if concerns(p) and (p.ends_on is None or p.ends_on > last_day)]
        for period in open_after:
            self._cut(period, last_day)
        return len(open_after)

    def _cut(self, period: Period, last_day: date) -> None:
        self.known.remove(period)
        if period in self.added:  # by an earlier line of the same file: nobody ever knew it
            self.added.remove(period)
        else:
            self.superseded.append(period)
        if period.starts_on <= last_day:
            kept = _said_by(period)
            self._add(Statement(kept.client_id, kept.employer_id, kept.plan_id, kept.starts_on, last_day, kept.programme))

    def _add(self, said: Statement) -> None:
        period = Period(
            period_id=uuid4(),
            client_id=said.client_id,
            employer_id=said.employer_id,
            plan_id=said.plan_id,
            programme=said.programme,
            starts_on=said.starts_on,
            ends_on=said.ends_on,
            source=self.source,
            recorded_at=self.now,
        )
        self.known.append(period)
        self.added.append(period)


def _said_by(period: Period) -> Statement:
    return Statement(period.client_id, period.employer_id, period.plan_id, period.starts_on, period.ends_on, period.programme)


def ledger(known: Sequence[Period], source: Source, now: datetime) -> Ledger:
    return Ledger(list(known), source, now)
