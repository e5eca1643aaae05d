"""An episode of seeking care: one clock from the first valid request on, whoever the client is sent to afterwards (S9, R1). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import CareEpisodeEnded, CareEpisodeReopened, CareSought, Clock, SpeedToCareMeasured
from common.contracts.vocabulary import Programme
from common.deadlines.calendars import WorkCalendar, business_days_between
from scheduling.service_levels.rules import FIRST_SESSION, About, Arm, Consequences, Pause, Resume, Stop

STAYS_OPEN = timedelta(days=30)
"""A client who withdraws and asks again within it has been seeking care all the time: a withdrawal does not buy a new clock."""

Outcome = Literal["in_care", "withdrawn"]


class Episode(BaseModel):
    """Each moment is absent until it came."""

    model_config = ConfigDict(frozen=True)

    episode_id: UUID
    client_id: UUID
    employer_id: UUID
    programme: Programme
    first: bool
    served: bool
    zone: str
    calendar: str
    sought_at: datetime
    scheduled_at: datetime | None = None
    consulted_at: datetime | None = None
    in_care_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def about(self) -> About:
        return About(self.client_id, self.zone, self.calendar)


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who seeks care, and by which days it is counted."""

    client_id: UUID
    employer_id: UUID
    programme: Programme
    served: bool
    zone: str
    calendar: str


REACHED: dict[Clock, str] = {
    "time_to_schedule": "scheduled_at",
    "time_to_consultation": "consulted_at",
    "time_to_first_session": "in_care_at",
}


def seek(seeker: Seeker, latest: Episode | None, now: datetime) -> tuple[Episode, Consequences]:
    """The episode that is under way goes on; one that was left a short time ago is taken up again; else one begins."""
    if latest and latest.ended_at is None:
        return latest, _promised_at_last(latest, seeker, now)
    if latest and latest.outcome == "withdrawn" and latest.ended_at and now - latest.ended_at <= STAYS_OPEN:
        return _reopened(latest, seeker, now)
    episode = Episode(
        episode_id=uuid4(),
        client_id=seeker.client_id,
        employer_id=seeker.employer_id,
        programme=seeker.programme,
        first=latest is None,
        served=seeker.served,
        zone=seeker.zone,
        calendar=seeker.calendar,
        sought_at=now,
    )
    event = CareSought(occurred_at=now, first=episode.first, served=episode.served, **_named(episode))
    return episode, Consequences(events=(event,), deadlines=_promised(episode))


def reach(episode: Episode, clock: Clock, at: datetime, calendar: WorkCalendar, now: datetime) -> tuple[Episode, Consequences]:
    """A clock stops once: what was reached first counts."""
    moment = REACHED[clock]
    if getattr(episode, moment) is not None:
        return episode, Consequences()
    changed: dict[str, Any] = {moment: at}
    consequences = Consequences(events=(_measured(episode, clock, at, calendar, now),))
    if clock == "time_to_first_session":
        changed |= {"ended_at": now, "outcome": "in_care"}
        ended = CareEpisodeEnded(occurred_at=now, outcome="in_care", **_named(episode))
        consequences += Consequences(events=(ended,), deadlines=(Stop(FIRST_SESSION, episode.episode_id, at),))
    return episode.model_copy(update=changed), consequences


def leave(episode: Episode, now: datetime) -> tuple[Episode, Consequences]:
    """The client seeks no more. Where care has begun there is nothing to leave."""
    if episode.ended_at is not None:
        return episode, Consequences()
    event = CareEpisodeEnded(occurred_at=now, outcome="withdrawn", **_named(episode))
    left = episode.model_copy(update={"ended_at": now, "outcome": "withdrawn"})
    return left, Consequences(events=(event,), deadlines=(Pause(FIRST_SESSION, episode.episode_id, now, "withdrawn"),))


def _reopened(latest: Episode, seeker: Seeker, now: datetime) -> tuple[Episode, Consequences]:
    episode = latest.model_copy(update={"ended_at": None, "outcome": None, "served": latest.served or seeker.served})
    event = CareEpisodeReopened(occurred_at=now, **_named(episode))
    return episode, Consequences(events=(event,), deadlines=(Resume(FIRST_SESSION, episode.episode_id, now),))


def _promised_at_last(episode: Episode, seeker: Seeker, now: datetime) -> Consequences:
    """S12: the state has opened meanwhile. Care was sought when it was sought; it can be promised from now on only."""
    if episode.served or not seeker.served:
        return Consequences()
    return Consequences(deadlines=(Arm(FIRST_SESSION, episode.episode_id, now),))


def _promised(episode: Episode) -> tuple[Arm, ...]:
    """S9. Where the network does not operate nothing is promised."""
    return (Arm(FIRST_SESSION, episode.episode_id, episode.sought_at),) if episode.served else ()


def _measured(episode: Episode, clock: Clock, at: datetime, calendar: WorkCalendar, now: datetime) -> SpeedToCareMeasured:
    return SpeedToCareMeasured(
        occurred_at=now,
        clock=clock,
        sought_at=episode.sought_at,
        reached_at=at,
        elapsed_seconds=max(int((at - episode.sought_at).total_seconds()), 0),
        business_days=business_days_between(episode.sought_at, max(at, episode.sought_at), ZoneInfo(episode.zone), calendar),
        **_named(episode),
    )


def _named(episode: Episode) -> dict[str, Any]:
    return {
        "client_id": episode.client_id,
        "episode_id": episode.episode_id,
        "programme": episode.programme,
        "employer_id": episode.employer_id,
    }
