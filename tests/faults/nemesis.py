"""Kills and stops parts of a stack, in a seeded random order, and starts them again."""

import asyncio
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import asyncpg

from common.db import when_there
from deploy.local.infrastructure import Infrastructure
from deploy.local.processes import Process, answers
from deploy.local.stack import SERVICES, Stack

LEADER = """
select a.pid, a.client_port from pg_locks l join pg_stat_activity a using (pid)
 where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
   and l.objid = (hashtext($1)::bigint & 4294967295)::oid"""

KILLS = {
    "consent": 1, "consent-2": 1, "scheduling": 1, "assessments": 1, "reporting": 1, "reporting-2": 1,
    "kafka": 2, "postgres": 2, "relay leader": 2,
}  # fmt: skip
"""Consent, reporting and both servers twice at least (the relay leader is one of consent's); nothing of an opt-out waits for the others."""
OTHER = {"relay leader's backend": 1, "pause reporting": 1, "pause reporting-2": 1, "pause consent": 1}
BREATH_SECONDS = 3
READY_SECONDS = 90


@dataclass
class Nemesis:
    """One fault after the other; now and then the next one comes before the last is mended."""

    stack: Stack
    infrastructure: Infrastructure
    random: Random
    done: Counter[str] = field(default_factory=Counter)
    over: bool = False
    _begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kills(self) -> int:
        return sum(count for fault, count in self.done.items() if fault in KILLS)

    def progress(self) -> float:
        self._begun.set()
        return self.done.total() / sum((KILLS | OTHER).values()) if not self.over else 1

    async def strike(self) -> None:
        faults = [fault for fault, count in (KILLS | OTHER).items() for _ in range(count)]
        self.random.shuffle(faults)
        await self._begun.wait()  # what stood in the databases before the race has been read, and somebody asks how far we are
        try:
            for fault in faults:
                await self._one(fault)
                self.done[fault] += 1
                await self._some_serve()
                await asyncio.sleep(self.random.uniform(0.2, 1))
        finally:
            self.over = True
        await self._all_serve()

    async def _some_serve(self) -> None:
        """A breath: until there can be decisions and releases again, but not for long, so that faults meet a system that works
        and a system that is still starting."""
        names = [self.stack.names(service) for service in ("consent", "reporting")]
        until = time.monotonic() + BREATH_SECONDS
        while time.monotonic() < until:
            served = [any([await asyncio.to_thread(answers, self._ready(name)) for name in instances]) for instances in names]
            if all(served):
                return
            await asyncio.sleep(0.1)

    async def _all_serve(self) -> None:
        await asyncio.to_thread(self.infrastructure.kafka.wait_ready)
        for name in [name for service in SERVICES for name in self.stack.names(service)]:
            await asyncio.to_thread(self.stack.processes[name].wait_ready, self._ready(name), READY_SECONDS)

    def _ready(self, name: str) -> str:
        return f"{self.stack.url(name)}/readyz"

    async def _one(self, fault: str) -> None:
        if fault.startswith("pause "):
            await self._pause(self.stack.processes[fault.removeprefix("pause ")])
        elif fault == "relay leader's backend":
            await self._end_backend()
        elif fault == "kafka":
            await self._kill(self.infrastructure.kafka.process)
        elif fault == "postgres":
            await self._kill(self.infrastructure.postgres.process)
        else:
            await self._kill(await self._leader() if fault == "relay leader" else self.stack.processes[fault])

    async def _kill(self, process: Process) -> None:
        await asyncio.to_thread(process.kill)
        await asyncio.sleep(self.random.uniform(0.2, 1.5))
        await asyncio.to_thread(process.start)

    async def _pause(self, process: Process) -> None:
        """It keeps its connections and locks, and nothing moves."""
        if process.alive:
            os.kill(process.pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(self.random.uniform(1, 2))
            finally:
                os.kill(process.pid, signal.SIGCONT)

    async def _leading(self) -> asyncpg.Record | None:
        """The session of consent's relay that leads. PostgreSQL may be starting up again: it was killed before."""
        connection = await when_there(lambda: asyncpg.connect(self.stack.database("consent")))
        try:
            return await connection.fetchrow(LEADER, "relay_consent")
        finally:
            await connection.close()

    async def _end_backend(self) -> None:
        leader = await self._leading()
        if leader:
            connection = await when_there(lambda: asyncpg.connect(self.stack.database("consent")))
            await connection.fetchval("select pg_terminate_backend($1)", leader["pid"])
            await connection.close()

    async def _leader(self) -> Process:
        """The instance whose relay leads: the one that holds the other end of that session's connection."""
        leader = await self._leading()
        instances = [self.stack.processes[name] for name in self.stack.names("consent")]
        held = [process for process in instances if leader and process.alive and leader["client_port"] in ports_of(process.pid)]
        return held[0] if held else self.random.choice(instances)


def ports_of(pid: int) -> set[int]:
    """Local ports of a process's TCP connections; none where there is no /proc."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            inodes.add(os.readlink(descriptor))
        except OSError:  # closed since
            continue
    table = Path(f"/proc/{pid}/net/tcp")
    lines = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return {int(line[1].rpartition(":")[2], 16) for line in lines if f"socket:[{line[9]}]" in inodes}
