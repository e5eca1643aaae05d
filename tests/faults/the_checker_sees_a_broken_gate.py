"""The checker has been seen to go red: the same race against a reporting service whose gate was broken on purpose."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.history import Anomaly, Report
from demo.race import Course, race
from demo.race_checker import check
from demo.race_setup import create_sharers
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack

SCRIPT = Path(__file__).with_name("broken_gate.py")
COURSE = Course(opt_outs=24, seconds=8, downloaders=10, fresh_export_every=3, seed=7)


@pytest.fixture(scope="module")
def stack(infrastructure: Infrastructure, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(infrastructure, tmp_path_factory.mktemp("broken"), name=f"{worker}broken_") as started:
        yield started


async def raced_against(stack: Stack, broken: str) -> Report:
    process = stack.processes["reporting"]
    await asyncio.to_thread(process.stop)
    process.argv = [sys.executable, SCRIPT]
    process.env = {**process.env, "BROKEN_GATE": broken}
    process.start()
    await asyncio.to_thread(process.wait_ready, f"{stack.url('reporting')}/readyz", 60)
    run = await race(stack, *await create_sharers(stack, 30, responses=1), COURSE)
    report = check(run.history)
    print(f"without {broken}: {report.counts}, {report.anomalies}")
    return report


@pytest.mark.timeout(600)
async def test_the_checker_goes_red_when_the_gate_is_broken_and_only_then(stack: Stack) -> None:
    whole = await raced_against(stack, "nothing")
    assert whole.violations == (), "slow, but whole"
    assert whole.counts["opt_outs_effective"] >= COURSE.opt_outs
    unfresh = await raced_against(stack, "freshness")
    assert unfresh.anomalies[Anomaly.RELEASED_AFTER_OPT_OUT]
    unlocked = await raced_against(stack, "lock")
    assert unlocked.anomalies[Anomaly.BYTE_AFTER_EFFECTIVE]
    assert not unlocked.anomalies[Anomaly.LOST_DECISION]
