"""Clients' histories as scheduling and assessments would tell them: seeded, so that everybody counts the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from common.cloudevents import Entry, digest_of
from common.contracts.assessments import AssessmentCompleted, AssessmentSent, Measured, OutcomeMeasured, SatisfactionAnswered
from common.contracts.event import ClientEvent
from common.contracts.scheduling import (
    AppointmentHeld,
    CareEpisodeEnded,
    CareEpisodeReopened,
    CareSought,
    ClientRegistered,
    ConsultationRequested,
    SpeedToCareMeasured,
)
from common.contracts.vocabulary import Programme
from common.journal import FIRST_DIGEST, stream_of

DAY = timedelta(days=1)
SOURCES = ("scheduling", "assessments")


@dataclass
class World:
    """One plan; some employers and providers."""

    random: Random
    begin: datetime = datetime(2025, 1, 6, 12, tzinfo=UTC)
    days: int = 500
    plan: UUID = field(init=False)
    employers: Sequence[UUID] = field(init=False)
    providers: Sequence[UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.plan = self.id()
        self.employers = [self.id() for _ in range(5)]
        self.providers = [self.id() for _ in range(12)]

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def client(self) -> "Client":
        return Client(self)


class Client:
    """Somebody, and what is told of them, in its order."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random
        self.client_id, self.employer = world.id(), world.random.choice(world.employers)
        self.told: list[ClientEvent] = []
        self.at = world.begin + world.random.random() * world.days * DAY
        self._tell(
            ClientRegistered,
            employer_id=self.employer,
            plan_id=world.plan,
            birth_year=1980,
            sex="female",
            state="MA",
            time_zone="America/New_York",
        )

    def history(self) -> list[ClientEvent]:
        for _ in range(self.random.choice((1, 1, 1, 2))):
            self.seek()
            self.at += self.random.randrange(5, 200) * DAY
        if self.random.random() < 0.1:
            self._tell(SatisfactionAnswered, response_id=self.world.id(), score=self.random.randrange(11))
        return self.told

    def _tell(self, event: type[ClientEvent], /, **fields: Any) -> None:
        self.told.append(
            event(event_id=self.world.id(), occurred_at=self.at, client_id=self.client_id, programme=Programme.CARE_CONNECT, **fields)  # type: ignore[call-arg]
        )

    def seek(self) -> UUID:
        """An episode, with all that may come of it."""
        episode, request, provider = self.world.id(), self.world.id(), self.random.choice(self.world.providers)
        whose: dict[str, Any] = {"episode_id": episode, "employer_id": self.employer}
        self._tell(CareSought, **whose, first=True, served=self.random.random() > 0.05)
        self._tell(
            ConsultationRequested, request_id=request, provider_id=provider, employer_id=self.employer, first=True, episode_id=episode
        )
        if self.random.random() < 0.25:
            self.at += self.random.random() * 20 * DAY
            self._tell(CareEpisodeEnded, **whose, outcome="withdrawn")
            if self.random.random() < 0.6:
                return episode
            self._tell(CareEpisodeReopened, **whose)
        sought = self.at
        for clock, share in (("time_to_schedule", 0.9), ("time_to_consultation", 0.9), ("time_to_first_session", 0.8)):
            if self.random.random() > share:
                return episode
            self.at += self.random.random() * 5 * DAY
            took = self.at - sought
            self._tell(
                SpeedToCareMeasured, **whose, clock=clock, sought_at=sought, reached_at=self.at,
                elapsed_seconds=int(took.total_seconds()), business_days=took.days * 5 // 7,
            )  # fmt: skip
        self._tell(CareEpisodeEnded, **whose, outcome="in_care")
        self.treated(episode, request, provider)
        return episode

    def treated(self, episode: UUID, request: UUID, provider: UUID) -> None:
        about = {"request_id": request, "provider_id": provider}
        baseline = self.answers(episode) if self.random.random() < 0.8 else []
        for number in range(self.random.randrange(1, 8)):
            self._tell(AppointmentHeld, appointment_id=self.world.id(), **about, kind="session", held_on=self.at.date())
            self.at += 7 * DAY
            if number == 0:
                self.asked(episode)
        if self.random.random() < 0.6:
            self.answers(episode, baseline)

    def asked(self, episode: UUID) -> None:
        assignment, of = self.world.id(), {"episode_id": episode}
        about = {
            **of,
            "assignment_id": assignment,
            "schedule": "satisfaction_first",
            "schedule_version": 1,
            "closes_at": self.at + 28 * DAY,
        }
        self._tell(AssessmentSent, **about, instruments=("satisfaction",))
        if self.random.random() < 0.6:
            self._tell(SatisfactionAnswered, **of, response_id=self.world.id(), assignment_id=assignment, score=self.random.randrange(11))

    def answers(self, episode: UUID, baseline: Sequence[UUID] = ()) -> list[UUID]:
        """Both questionnaires, or one; then what the programme's rule set says."""
        ids = [self.world.id() for _ in range(self.random.choice((1, 2, 2, 2)))]
        for response, (instrument, most) in zip(ids, (("phq-9", 28), ("gad-7", 22)), strict=False):
            total = self.random.randrange(most)
            self._tell(
                AssessmentCompleted,
                response_id=response,
                instrument=instrument,
                total=total,
                total_method="complete",
                severity=None,
                answered=7,
            )
        paired = len(baseline) == len(ids) == 2
        values = {
            "elevated": self.random.random() < 0.7,
            **{
                name: self.random.random() < 0.4 if paired else None
                for name in ("reliable_improvement", "reliable_deterioration", "recovery")
            },
        }
        measures = tuple(Measured(measure=name, value=value) for name, value in values.items())
        pair = {"baseline_response_ids": tuple(baseline or ids), "follow_up_response_ids": tuple(ids if baseline else ())}
        self._tell(OutcomeMeasured, episode_id=episode, rule_set="programme", rule_set_version=1, measures=measures, **pair)
        self._tell(OutcomeMeasured, episode_id=episode, rule_set="hedis-drr-e", rule_set_version=1, measures=(), **pair)
        return ids


class Journals:
    """The two journals, as their owners would have written them: positions without a gap, a chain unbroken."""

    def __init__(self, streams: int) -> None:
        self.streams = streams
        self.entries: dict[tuple[str, int], list[Entry]] = {(source, stream): [] for source in SOURCES for stream in range(streams)}

    def append(self, event: ClientEvent) -> Entry:
        source, stream = event.type.split(".")[0], stream_of(event.subject, self.streams)
        entries = self.entries[source, stream]
        before = entries[-1].digest if entries else FIRST_DIGEST
        told = source, stream, len(entries) + 1, event.event_id, event.type, event.subject, event.to_json()
        entries.append(Entry(*told, digest_of(before, Entry(*told, b""))))
        return entries[-1]

    async def page(self, source: str, stream: int, after: int) -> list[Entry]:
        return self.entries[source, stream][after : after + 200]


def in_time(world: World, clients: int) -> Iterator[ClientEvent]:
    """All clients' events, the oldest first; a client's own in their order."""
    told = [event for _ in range(clients) for event in world.client().history()]
    yield from sorted(told, key=lambda event: event.occurred_at)
