"""The comparison: from the request of an opt-out to its redaction committed, of all relays in turns, idle and under load.

Turns alternate in one run, so that whatever else the machine does meets everybody. A turn is: settle, idle samples, samples under load.
"""

import gc
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import figures, floor, ours
from bench.contenders import Contender
from bench.floor import Floor
from bench.machine import Processor
from bench.moments import Moments
from bench.outbox import running
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack

RELAYS = ("poll_100ms", "listen_notify", "debezium")
PACE = {"idle": 5.0, "load": 100.0}
"""A second."""


@dataclass(frozen=True)
class Plan:
    """How many: rounds, samples a turn, and those that nobody counts, at the start of a turn and before the first round."""

    rounds: int = 4
    samples: dict[str, int] = field(default_factory=lambda: {"idle": 40, "load": 500})
    settling: int = 30
    warming: int = 300

    @property
    def clients(self) -> int:
        return self.warming + self.rounds * (self.settling + sum(self.samples.values()))


QUICK = Plan(1, {"idle": 10, "load": 100}, 10, 50)

Measure = Callable[[float, int, int], Awaitable[list[float]]]


@dataclass
class Turn:
    """Somebody's turn, and what came of it: for each pace the samples of each round, and our use of the processor."""

    measure: Measure
    on_turn: Callable[[], AbstractContextManager[None]] = nullcontext
    rounds: dict[str, list[Sequence[float]]] = field(default_factory=lambda: {kind: [] for kind in PACE})
    used: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in PACE})

    async def take(self, plan: Plan, number: int) -> None:
        with self.on_turn():
            await self.measure(30, plan.settling, number)
            for kind, samples in self.rounds.items():
                gc.collect()
                gc.disable()
                with Processor() as processor:
                    samples.append(await self.measure(PACE[kind], plan.samples[kind], number))
                self.used[kind].append(processor.ours or 0.0)
                gc.enable()

    async def warm(self, plan: Plan) -> None:
        with self.on_turn():
            await self.measure(100, plan.warming, 0)


async def run(infrastructure: Infrastructure, stack: Stack, moments: Moments, floor_url: str, folder: Path, plan: Plan) -> None:
    """The stack runs under observation, the bare service too."""
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(moments)
        turns = await _turns(opened, running.Place(infrastructure, stack.issuer, moments, folder), stack, floor_url, plan)
        for name, turn in turns.items():
            print(f"warming {name}", flush=True)
            await turn.warm(plan)
        with Processor() as processor:
            for number in range(plan.rounds):
                for name in _rotated(list(turns), number):
                    print(f"round {number + 1} of {plan.rounds}: {name}", flush=True)
                    await turns[name].take(plan, number)
    _write(turns, plan, processor)


async def _turns(opened: AsyncExitStack, place: running.Place, stack: Stack, floor_url: str, plan: Plan) -> dict[str, Turn]:
    bare: Floor = await opened.enter_async_context(floor.opened(place.infrastructure, floor_url))
    contenders: dict[str, Contender] = {"ours": await opened.enter_async_context(ours.opened(stack, place.moments))}
    for name in RELAYS:
        contenders[name] = await opened.enter_async_context(running.opened(place, name))
    for contender in contenders.values():
        await contender.seed(plan.clients)
        contender.pause()
    return {"floor": Turn(bare.measure)} | {name: Turn(one.measure, one.on_turn) for name, one in contenders.items()}


def _rotated(names: list[str], by: int) -> list[str]:
    """Each round begins with somebody else."""
    at = by % len(names)
    return names[at:] + names[:at]


def _write(turns: dict[str, Turn], plan: Plan, processor: Processor) -> None:
    made = {kind: {name: figures.of_rounds(turn.rounds[kind]) for name, turn in turns.items()} for kind in PACE}
    table: list[Sequence[object]] = [("opt-out to redaction committed", "p50 ms", "p99 ms", "n", "p50 / floor", "p99 / floor", "CPU %")]
    for kind, each in made.items():
        bare = each["floor"]
        for name, one in each.items():
            ratios = [one[key] / bare[key] for key in ("p50_ms", "p99_ms")]
            used = f"{median(turns[name].used[kind]):.0f}"
            table.append((f"{kind} ({PACE[kind]:.0f}/s): {name}", one["p50_ms"], one["p99_ms"], one["n"], *ratios, used))
    a_round = plan.samples["idle"]
    notes = [
        f"medians over {plan.rounds} rounds of each round's p50 and p99, everybody in turns",
        f"a round's p99 is the worst of its {a_round} when idle",
        "CPU: of one core, all of the bench's processes in that turn, with servers and load generator",
        str(processor),
    ]
    figures.write("optout", made, "From an opt-out to its redaction, beside the floor and other relays", table, notes)
