"""Plays half a year on the real services: moves the time, tells what happens, lets clients answer, and waits until all is at rest."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx

from common.contracts import assessments as facts
from common.contracts.catalogue import EVENTS
from common.contracts.event import ClientEvent
from common.journal import Journal, first_broken
from deploy.local.infrastructure import Infrastructure
from tests.simulation.answering import Clients
from tests.simulation.databases import STREAMS, Databases, again
from tests.simulation.disturbing import Disturbance
from tests.simulation.histories import History, told
from tests.simulation.practice import Practice
from tests.simulation.record import Learned, Run, Stop
from tests.simulation.stops import Fault

REST_SECONDS = 240.0
NUDGE_AFTER = 1.5
OFTEN = 0.02


class Driver:
    """Of one run."""

    def __init__(
        self,
        practice: Practice,
        infrastructure: Infrastructure,
        http: httpx.AsyncClient,
        databases: Databases,
        found: Sequence[History],
        faults: Sequence[Fault],
        seed: int,
    ) -> None:
        draw = Random(seed)
        self.practice, self.http, self.databases = practice, http, databases
        self.clients = Clients(practice, http, found, draw)
        self.disturbance = Disturbance(practice, infrastructure, faults, draw)
        self.run = Run(found, {history.client_id: Learned() for history in found})
        self.coming = list(told(found))
        self.unknown: list[tuple[Learned, int]] = []

    async def drive(self, at: Sequence[datetime], *, tell: bool = False) -> Run:
        began = time.monotonic()
        for number, moment in enumerate(at):
            await self._stop(number, moment, second=0.25 <= number / len(at) < 0.75)
            if tell and number % 50 == 0:
                print(
                    f"{moment:%Y-%m-%d %H:%M} {number}/{len(at)} {time.monotonic() - began:.0f} s {self.clients.given} answers", flush=True
                )
        await self.disturbance.end()
        await self._stop(len(at), at[-1] + timedelta(minutes=10), second=True)
        await self._look_at_the_end()
        self.run.seconds = time.monotonic() - began
        return self.run

    async def _stop(self, number: int, moment: datetime, second: bool) -> None:
        await self.disturbance.at(number, second)
        clock, state = self.practice.time, self.disturbance
        begin = max(moment, clock.now())
        clock.move_to(moment)
        striking = asyncio.create_task(state.strike())
        await self.databases.nudge()
        await self._tell(moment)
        if state.serves:
            await self.clients.answer_until(moment)
        if state.reaches:
            await self._rest(tells=state.tells)
        end = clock.now()
        await striking
        self._note(Stop(begin, end, state.reaches, state.tells))
        await self._hear()

    async def _tell(self, moment: datetime) -> None:
        count = next((n for n, event in enumerate(self.coming) if event.occurred_at > moment), len(self.coming))
        now, self.coming = self.coming[:count], self.coming[count:]
        for event in now:
            learned = self.run.learned[event.client_id]
            learned.published.append(self.practice.time.now())
            learned.known.append(None)
            self.unknown.append((learned, len(learned.known) - 1))
        await self.databases.append(now)
        self.run.events += len(now)

    async def _rest(self, *, tells: bool) -> None:
        until, nudge_at = time.monotonic() + REST_SECONDS, time.monotonic() + NUDGE_AFTER
        while not await self.databases.at_rest(self.practice.time.now(), told=tells):
            if time.monotonic() > until:
                raise AssertionError(f"no rest: {await self.databases.not_at_rest(self.practice.time.now())}")
            if time.monotonic() > nudge_at:
                await self.databases.nudge()
                nudge_at += NUDGE_AFTER
            await asyncio.sleep(OFTEN)

    def _note(self, stop: Stop) -> None:
        self.run.stops.append(stop)
        if stop.at_rest:
            for learned, place in self.unknown:
                learned.known[place] = stop.end
            self.unknown.clear()

    async def _hear(self) -> None:
        for row in await self.databases.news():
            fact = EVENTS[row["type"]].from_json(row["payload"])
            assert isinstance(fact, ClientEvent)
            self.run.facts.append(fact)
            if isinstance(fact, facts.AssessmentSent):
                self.clients.was_sent(fact.client_id, fact.schedule, fact.occurred_at, fact.closes_at)

    async def _look_at_the_end(self) -> None:
        run, journal = self.run, Journal("assessments", STREAMS)
        run.notices, run.answers, run.faults = await self.databases.notices(), self.clients.given, dict(self.disturbance.done)
        run.exceptions = await self._exceptions()
        async with self.databases.assessments.acquire() as tx:
            broken = [stream for stream in range(STREAMS) if await first_broken(journal, tx, stream)]
            parked = await tx.fetchval("select count(*) from parked_client")
            failing = await tx.fetchval("select count(*) from deadline where attempts > 0")
        run.left = +Counter({"broken chains": len(broken), "parked clients": parked, "failing deadlines": failing})

    async def _exceptions(self) -> list[dict[str, Any]]:
        caller = self.practice.issuer.bearer("operations", self.run.histories[0].client_id)
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            url = f"{self.practice.url('assessments')}/v1/assignments/exceptions"
            page = (await self.http.get(url, params={"limit": "100", **cursor}, headers=caller)).raise_for_status().json()
            found += page["items"]
            if not page["next"]:
                return found
            cursor = {"cursor": page["next"]}


async def play(
    practice: Practice,
    infrastructure: Infrastructure,
    found: Sequence[History],
    at: Sequence[datetime],
    faults: Sequence[Fault],
    seed: int,
    *,
    tell: bool = False,
) -> Run:
    databases = await again(lambda: Databases.open(practice.database("scheduling"), practice.database("assessments")))
    try:
        async with httpx.AsyncClient(timeout=15) as http:
            return await Driver(practice, infrastructure, http, databases, found, faults, seed).drive(at, tell=tell)
    finally:
        await databases.close()
