"""Kills instances and servers in the middle of their work, and keeps parts away for simulated hours."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

from deploy.local.infrastructure import Infrastructure
from deploy.local.processes import Process
from tests.simulation.neighbour import HANGS, REFUSES, WHOLE
from tests.simulation.practice import ASSESSMENTS, Practice
from tests.simulation.stops import Fault, Kind

READY_SECONDS = 90


class Disturbance:
    """What is away now is what the faults under way say."""

    def __init__(self, practice: Practice, infrastructure: Infrastructure, faults: Sequence[Fault], draw: Random) -> None:
        self.practice, self.infrastructure, self.faults, self.draw = practice, infrastructure, faults, draw
        self.done: Counter[str] = Counter()
        self._under_way: set[Kind] = set()
        self._strikes: list[Kind] = []
        self._second = True

    @property
    def serves(self) -> bool:
        return "service away" not in self._under_way

    @property
    def tells(self) -> bool:
        return self.practice.time.mode == WHOLE

    @property
    def reaches(self) -> bool:
        """Whether what happens is known, and acted upon."""
        return self.serves and "cut off" not in self._under_way

    async def at(self, number: int, second: bool) -> None:
        begun = [fault for fault in self.faults if fault.stop == number]
        self._strikes = [fault.kind for fault in begun if fault.kind.startswith("kill")]
        self._under_way = {fault.kind for fault in self.faults if fault.stop <= number < fault.until}
        self._second = second
        self.done.update(fault.kind for fault in begun)
        await self._arrange()

    async def _arrange(self) -> None:
        away = self._under_way
        refused = {"scheduling refuses", "cut off"} & away
        self.practice.time.mode = HANGS if "scheduling hangs" in away else REFUSES if refused else WHOLE
        await self._keep(self.infrastructure.kafka.process, not {"kafka away", "cut off"} & away)
        for name in ASSESSMENTS:
            await self._keep(self.practice.processes[name], self.serves and (self._second or name != ASSESSMENTS[1]))

    async def _keep(self, process: Process, alive: bool) -> None:
        if process.alive and not alive:
            await asyncio.to_thread(process.kill)
        elif alive and not process.alive:
            await asyncio.to_thread(process.start)

    async def strike(self) -> None:
        """In the middle of what the service does at this stop."""
        for kind in self._strikes if self.serves else []:
            await asyncio.sleep(self.draw.uniform(0, 0.3))
            running = [self.practice.processes[name] for name in ASSESSMENTS if self.practice.processes[name].alive]
            struck = {"kill": [self.draw.choice(running)], "kill both": running, "kill postgres": [self.infrastructure.postgres.process]}
            for process in struck[kind]:
                await asyncio.to_thread(process.kill)
            await asyncio.sleep(self.draw.uniform(0, 0.2))
            for process in struck[kind]:
                await asyncio.to_thread(process.start)

    async def end(self) -> None:
        """All of it is there again."""
        self._under_way, self._second = set(), True
        await self._arrange()
        await asyncio.to_thread(self.infrastructure.kafka.wait_ready)
        for name in ASSESSMENTS:
            await asyncio.to_thread(self.practice.processes[name].wait_ready, f"{self.practice.url(name)}/readyz", READY_SECONDS)
