"""The clock of seeking care, started and stopped within the use cases that make it so; and read by its client."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.scheduling import Clock
from common.contracts.vocabulary import Programme
from common.db import Database
from common.deadlines.calendar_versions import newest_calendar
from scheduling.clients.rules import Covered
from scheduling.employers import tables as employers
from scheduling.episodes import rules, tables
from scheduling.episodes.rules import Episode, Seeker
from scheduling.service_levels.rules import Consequences


async def seek_care(
    tx: AsyncConnection, client: Covered, programme: Programme, *, served: bool, now: datetime
) -> tuple[Episode, Consequences]:
    """The client's row is locked."""
    calendar = await employers.calendar_of(tx, client.employer_id, programme, client.today(now))
    seeker = Seeker(client.client_id, client.employer_id, programme, served, client.zone, calendar)
    episode, consequences = rules.seek(seeker, await tables.latest(tx, client.client_id, programme), now)
    await tables.keep(tx, episode)
    return episode, consequences


async def reach(tx: AsyncConnection, episode: Episode | None, clock: Clock, at: datetime, now: datetime) -> Consequences:
    """Nothing where there is no episode: a request from before there were any."""
    if episode is None:
        return Consequences()
    calendar = await newest_calendar(tx, episode.calendar, now)
    assert calendar is not None, "the episode's promise was counted by it"
    reached, consequences = rules.reach(episode, clock, at, calendar, now)
    if reached != episode:
        await tables.keep(tx, reached)
    return consequences


async def leave(tx: AsyncConnection, episode: Episode | None, now: datetime) -> Consequences:
    if episode is None:
        return Consequences()
    left, consequences = rules.leave(episode, now)
    if left != episode:
        await tables.keep(tx, left)
    return consequences


async def list_episodes(db: Database, client_id: UUID, last: UUID, limit: int) -> Sequence[Episode]:
    async with db.begin() as tx:
        return await tables.list_after(tx, client_id, last, limit)
