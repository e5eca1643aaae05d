"""A service's PostgreSQL: one engine for HTTP use cases, one pool for the path of an event (docs/decisions/0002).

Both open transactions through here, so that whatever was appended to the journal is handed to the relay right after its commit.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from common.cloudevents import Entry

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool, Connection = asyncpg.Pool, asyncpg.Connection


T = TypeVar("T")


@dataclass
class Pending:
    """What waits for the commit of the transaction under way."""

    appended: list[Entry] = field(default_factory=list)
    callbacks: list[Callable[[], None]] = field(default_factory=list)


PENDING: ContextVar[Pending | None] = ContextVar("pending", default=None)


def after_commit(callback: Callable[[], None]) -> None:
    """Runs once the transaction under way is committed, and not at all where it is not."""
    pending = PENDING.get()
    if pending is None:
        raise RuntimeError("no transaction is under way")
    pending.callbacks.append(callback)


DOWN = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server was killed in the middle of an answer
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises when the database is not there, as opposed to refusing a statement."""

PLANNED_ONCE = {
    # PostgreSQL would plan the statement of a redaction anew at every execution, which costs as much as running it.
    "plan_cache_mode": "force_generic_plan",
    # And a plan that was made while a table was empty must not go through all of it once it is large.
    "enable_seqscan": "off",
    "jit": "off",
}

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def new_metadata() -> MetaData:
    return MetaData(naming_convention=NAMING)


class Database:
    """Open for the life of the process."""

    def __init__(self, url: str, engine: AsyncEngine, pool: Pool) -> None:
        self.url = url
        self.engine = engine
        self.pool = pool
        self.on_commit: Callable[[list[Entry]], None] = lambda _entries: None
        self._own: list[Pool] = []

    @classmethod
    async def open(cls, url: str, pool_size: int = 12) -> "Database":
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=15, max_overflow=0, pool_pre_ping=True
        )
        return cls(url, engine, await open_pool(url, 2, pool_size))

    async def close(self) -> None:
        await self.engine.dispose()
        for pool in (self.pool, *self._own):
            pool.terminate()

    async def own_pool(self, smallest: int, largest: int) -> Pool:
        """For one user: nobody else keeps it waiting, and its statements stay planned. Closed with the database."""
        self._own.append(pool := await when_there(lambda: open_pool(self.url, smallest, largest)))
        return pool

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """The transaction of an HTTP use case: committed when the block ends, before anybody is answered."""
        async with self.handing_over(), self.engine.begin() as tx:
            yield tx

    @asynccontextmanager
    async def begin_event(self, pool: Pool | None = None) -> AsyncIterator[Connection]:
        """The transaction of the path of an event."""
        async with self.handing_over(), (pool or self.pool).acquire() as tx, tx.transaction():
            yield tx

    @asynccontextmanager
    async def handing_over(self) -> AsyncIterator[None]:
        pending = Pending()
        token = PENDING.set(pending)
        try:
            yield
        finally:
            PENDING.reset(token)
        if pending.appended:
            self.on_commit(pending.appended)
        for callback in pending.callbacks:
            callback()


async def when_there(opening: Callable[[], Awaitable[T]]) -> T:
    """A service may be started before its database, and the database may go away while it starts. Waits half a minute."""
    for _ in range(300):
        try:
            return await opening()
        except (*DOWN, DBAPIError):
            await asyncio.sleep(0.1)
    return await opening()


async def open_pool(url: str, smallest: int, largest: int) -> Pool:
    """For the path of an event: few statements, the same over and over, each about a handful of rows."""
    return await asyncpg.create_pool(
        url, min_size=smallest, max_size=largest, command_timeout=30, reset=_leave_as_it_is, server_settings=PLANNED_ONCE
    )


WAITS_TO_LEAD = "care-connect waits to lead"
"""As pg_stat_activity names a connection that holds or waits for a leader's lock."""


async def connect_to_lead(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """For a lock that one process of several holds. Waiting for it counts as a transaction, which may last for days: whoever looks for the
    oldest one under way passes over these by their name. They must write nothing that such a look is about."""
    return await asyncpg.connect(url, server_settings={"application_name": WAITS_TO_LEAD})


async def _leave_as_it_is(_connection: object) -> None:
    """asyncpg's own reset is a round trip at every release. Whoever takes a session lock gives it back or ends the connection."""
