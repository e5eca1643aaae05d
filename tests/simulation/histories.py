"""What happens to clients in half a year, as scheduling would tell it, and what they make of what they are sent. Seeded, and pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from common.contracts import scheduling as facts
from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Programme

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
END = BEGIN + timedelta(weeks=26)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = (
    "America/New_York", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati",
)  # fmt: skip
CHANGES_OF_CLOCKS = (date(2026, 11, 1), date(2027, 3, 14))
TURN_OF_THE_YEAR = date(2026, 12, 31)
Manner = Literal["elevated", "not_elevated", "prorated", "partly", "late", "never"]
MANNERS: Sequence[tuple[Manner, int]] = (
    ("elevated", 34), ("not_elevated", 24), ("prorated", 8), ("partly", 10), ("late", 10), ("never", 14),
)  # fmt: skip
LEADS = (("short", 3), ("self_booked", 6), ("tomorrow", 18), ("soon", 46), ("far", 21), ("after_the_fact", 6))


@dataclass(frozen=True, slots=True)
class Unasked:
    """Answered of the client's own accord."""

    at: datetime
    instruments: tuple[str, ...]
    elevated: bool


@dataclass(slots=True)
class History:
    client_id: UUID
    zone: str
    programme: Programme
    manner: Manner
    answers_satisfaction: bool
    events: list[ClientEvent] = field(default_factory=list)
    """In their order."""
    unasked: list[Unasked] = field(default_factory=list)


def histories(seed: int, count: int) -> list[History]:
    return [_Life(Random(f"{seed} {number}"), number).lived() for number in range(count)]


class _Life:
    """One client's half year, in the making."""

    def __init__(self, draw: Random, number: int) -> None:
        self.draw, self.number = draw, number
        programme = Programme.EWS if draw.random() < 0.4 else Programme.CARE_CONNECT
        manner = draw.choices([m for m, _ in MANNERS], [w for _, w in MANNERS])[0]
        self.history = History(self.id(), draw.choice(ZONES), programme, manner, draw.random() < 0.5)
        self.zone = ZoneInfo(self.history.zone)
        self.provider = UUID(int=draw.randrange(200) + 10**6)

    def id(self) -> UUID:
        return UUID(int=self.draw.getrandbits(128), version=4)

    def minutes(self, least: int, most: int) -> timedelta:
        return self.draw.randint(least, most) * MINUTE

    def lived(self) -> History:
        at = BEGIN + self.minutes(30, 20 * 7 * 24 * 60)
        self.tell(facts.ClientRegistered, at, **self.person())
        while at and at < END - 14 * DAY:
            at = self.course(at + self.minutes(20, 3 * 24 * 60))
            if self.draw.random() > 0.25:
                break
        self.history.events = [event for event in self.history.events if event.occurred_at < END]
        self.history.unasked = [given for given in self.history.unasked if given.at < END]
        return self.history

    def person(self) -> dict[str, Any]:
        about = {"employer_id": UUID(int=1), "plan_id": UUID(int=2), "programme": self.history.programme, "birth_year": 1985}
        return about | {"sex": "female", "state": "MA", "language": "en", "time_zone": self.history.zone}

    def tell(self, kind: type[ClientEvent], at: datetime, /, **more: Any) -> None:
        last = self.history.events[-1].occurred_at if self.history.events else BEGIN
        event = kind(event_id=self.id(), occurred_at=max(at, last), client_id=self.history.client_id, **more)
        self.history.events.append(event)

    def course(self, at: datetime) -> datetime:
        """An episode of care, from seeking it on; when it ended."""
        request = {"request_id": self.id(), "provider_id": self.provider, "programme": self.history.programme}
        first = not any(isinstance(event, facts.ConsultationRequested) for event in self.history.events)
        self.tell(facts.ConsultationRequested, at, **request, employer_id=UUID(int=1), first=first, episode_id=self.id())
        at += self.minutes(1, 20 * 60)
        if self.draw.random() < 0.05:
            self.history.unasked.append(Unasked(at, ("phq-9", "gad-7"), self.draw.random() < 0.5))
        if self.draw.random() < 0.04:
            self.tell(facts.RequestDeclined, at, **request)
            return at
        self.tell(facts.RequestAccepted, at, **request)
        for number in range(self.draw.randint(1, 5)):
            kind = "consultation" if number == 0 and self.draw.random() < 0.7 else "session"
            over = self.meeting(at + self.minutes(1, 36 * 60), kind, request, first=number < 2)
            if over is None:
                break
            at = over
        if self.draw.random() < 0.6:
            at += self.minutes(60, 20 * 24 * 60)
            self.tell(facts.CareEnded, at, **request, reason="completed")
        return at

    def meeting(self, at: datetime, kind: str, request: dict[str, Any], first: bool) -> datetime | None:
        """Booked, moved, called off and booked again, until it was held; None where that never came."""
        for _ in range(4):
            visit = {"appointment_id": self.id(), "kind": kind, **request}
            booked, starts_at = self.booked(at, first)
            ends = starts_at + 45 * MINUTE
            self.tell(facts.AppointmentScheduled, booked, **visit, starts_at=starts_at, ends_at=ends)
            if booked < starts_at:
                booked, starts_at = self.moved(booked, starts_at, visit)
            luck = self.draw.random()
            if luck < 0.12 and booked < starts_at - 10 * MINUTE:
                at = self.between(booked, starts_at)
                self.tell(facts.AppointmentCancelled, at, **visit, starts_at=starts_at, by="client")
                at += self.minutes(1, 60 if self.draw.random() < 0.4 else 3 * 24 * 60)
            elif luck < 0.18:
                at = max(booked, starts_at) + self.minutes(30, 24 * 60)
                self.tell(facts.AppointmentMissed, at, **visit, starts_at=starts_at, by="client")
            else:
                late = self.minutes(40, 200) if self.draw.random() < 0.7 else self.minutes(200, 3 * 24 * 60)
                at = max(booked, starts_at + late)
                self.tell(facts.AppointmentHeld, at, **visit, held_on=starts_at.astimezone(self.zone).date())
                return at
        return None

    def booked(self, at: datetime, first: bool) -> tuple[datetime, datetime]:
        """When it was booked, and when it begins."""
        lead = self.draw.choices([name for name, _ in LEADS], [w for _, w in LEADS])[0] if first else "soon"
        match lead:
            case "short":
                return (at := self.awake(at)), at + self.minutes(30, 180)
            case "self_booked":
                return (at := self.awake(at)), at + 180 * MINUTE
            case "after_the_fact":
                return at + self.minutes(60, 48 * 60), at
            case "tomorrow":
                return at, self.office_hour(at + self.minutes(8 * 60, 30 * 60), at)
            case "far":
                return at, self.office_hour(self.special_day(at) or at + self.minutes(9 * 24 * 60, 20 * 24 * 60), at)
        return at, self.office_hour(at + self.minutes(2 * 24 * 60, 9 * 24 * 60), at)

    def awake(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        return at if 8 <= local.hour < 19 else at + timedelta(hours=(self.draw.randint(9, 17) - local.hour) % 24)

    def special_day(self, at: datetime) -> datetime | None:
        """A day on which clocks change, or the year ends, where one is near."""
        near = [day for day in (*CHANGES_OF_CLOCKS, TURN_OF_THE_YEAR) if at.date() + 2 * DAY < day < at.date() + 21 * DAY]
        return datetime.combine(near[0], time(self.draw.randint(0, 23)), self.zone).astimezone(UTC) if near else None

    def office_hour(self, about: datetime, after: datetime) -> datetime:
        local = about.astimezone(self.zone)
        hour = datetime.combine(local.date(), time(self.draw.randint(8, 18), self.draw.choice((0, 15, 30))), self.zone).astimezone(UTC)
        return max(hour, after + 30 * MINUTE)

    def moved(self, booked: datetime, starts_at: datetime, visit: dict[str, Any]) -> tuple[datetime, datetime]:
        """Moved never, once or twice: earlier, later, or to within the hour; when it was last, and when it begins then."""
        while self.draw.random() < 0.16 and starts_at - booked > 20 * MINUTE:
            at = self.between(booked, starts_at)
            match self.draw.choice(("earlier", "later", "later", "later", "within_the_hour")):
                case "earlier":
                    new = max(self.between(at, starts_at), at + 30 * MINUTE)
                case "later":
                    new = self.office_hour(starts_at + self.minutes(60, 8 * 24 * 60), at)
                case _:
                    new = at + self.minutes(30, 60)
            self.tell(facts.AppointmentMoved, at, **visit, moved_from=starts_at, starts_at=new, ends_at=new + 45 * MINUTE, by="client")
            booked, starts_at = at, new
        return booked, starts_at

    def between(self, earlier: datetime, later: datetime) -> datetime:
        """Often soon after the earlier, when it is about to be sent."""
        span = int((later - earlier) / MINUTE)
        return earlier + self.minutes(1, max(1, min(span - 1, 90 if self.draw.random() < 0.4 else span - 1)))


def told(found: Sequence[History]) -> Iterator[ClientEvent]:
    """Of all clients, in the order of time."""
    numbered = [(event.occurred_at, n, m, event) for n, history in enumerate(found) for m, event in enumerate(history.events)]
    return (event for *_, event in sorted(numbered, key=lambda item: item[:3]))
