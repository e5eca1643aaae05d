"""Where the time of our opt-out goes: `python -m bench stages`. The services tell of every step; that costs them some 0.2 ms in all."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from bench import figures, ours
from bench.contenders import Contender
from bench.machine import Processor
from bench.moments import COMMITTED, Moments
from deploy.local.stack import Stack

STAGES = ("sent", "request", "recorded", "relay", "acknowledged", "polled", "streams closed", "advanced", "handled", COMMITTED)
"""In their order, except that the broker may hand a record on before its acknowledgement has been read."""


async def measure(stack: Stack, moments: Moments, quick: bool) -> None:
    n = 20 if quick else 200
    async with moments, ours.opened(stack, moments) as contender:
        await contender.seed(4 * n)
        await contender.measure(50, n, 0)
        table: list[Sequence[object]] = [("step", "5/s p50 ms", "p95", "100/s p50 ms", "p95")]
        with Processor() as processor:
            idle, load = await _steps(contender, 5, n), await _steps(contender, 100, 2 * n)
    for step in idle:
        cells = [figures.percentile(times[step], share) for times in (idle, load) for share in (0.5, 0.95)]
        table.append((step, *cells))
    notes = [f"n = {n} and {2 * n}", "`until` reads: from the step before it until this one", str(processor)]
    figures.write("stages", {"idle": _p50(idle), "load": _p50(load)}, "Where the time of an opt-out goes", table, notes)


async def _steps(contender: Contender, per_second: float, n: int) -> dict[str, list[float]]:
    began = await contender.opt_out(per_second, n, 1)
    await contender.moments.all_of(began, 30)
    seen: Mapping[str, Mapping[UUID, int]] = {**contender.moments.seen, "sent": began}
    steps = {
        f"until {after}": [(seen[after][client] - seen[before][client]) / 1e6 for client in began] for before, after in pairwise(STAGES)
    }
    steps["until answered, beside it"] = [(seen["answered"][client] - seen["recorded"][client]) / 1e6 for client in began]
    steps["in all"] = [(seen[COMMITTED][client] - at) / 1e6 for client, at in began.items()]
    return steps


def _p50(steps: Mapping[str, list[float]]) -> dict[str, float]:
    return {step: round(figures.percentile(times, 0.5), 3) for step, times in steps.items()}
