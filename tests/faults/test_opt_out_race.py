"""Opt-outs race against all that the plan takes and is told while every process is killed: servers, services, the relay's leader."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from demo.history import Release
from demo.race import Course, Race, race
from demo.race_checker import check
from demo.race_setup import create_sharers
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.faults.nemesis import KILLS, Nemesis

CLIENTS, OPT_OUTS = 90, 70
SEED = int(os.environ.get("CARE_CONNECT_SEED") or Random().randrange(10**6))
SMALL_PAGES = {"REPORTING_PAGE_ROWS": "15"}


@pytest.fixture(scope="module")
def infrastructure() -> Iterator[Infrastructure]:
    """Servers of our own, to kill."""
    if os.environ.get("CARE_CONNECT_TEST_STACK", "embedded") != "embedded":
        pytest.skip("only servers that run here can be killed: STACK is not embedded")
    with Infrastructure(stack="embedded") as started:
        yield started


@pytest.fixture(scope="module")
def stack(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("race")
    with Stack(infrastructure, folder, settings=SMALL_PAGES, instances={"consent": 2, "reporting": 2}) as started:
        yield started


@pytest.mark.timeout(400)
async def test_invariants_1_to_5_hold_when_every_process_is_killed_during_the_race(stack: Stack, infrastructure: Infrastructure) -> None:
    partner, sharers = await create_sharers(stack, CLIENTS, responses=1)
    nemesis = Nemesis(stack, infrastructure, Random(SEED))
    course = Course(opt_outs=OPT_OUTS, downloaders=3, fresh_export_every=2, seed=SEED)
    run, _ = await asyncio.gather(race(stack, partner, sharers, course, nemesis.progress), nemesis.strike())
    report = check(run.history)
    took = f"{run.downloads} downloads, {run.increments} increments"
    print(f"seed {SEED}, {took}, {nemesis.done.total()} faults {dict(nemesis.done)}, {report.counts}")
    assert report.violations == (), f"seed {SEED}: {report.anomalies}"
    assert run.sinks_complete
    assert nemesis.kills >= 12, nemesis.done
    assert set(KILLS) <= set(nemesis.done)
    assert report.counts["opt_outs_acknowledged"] >= OPT_OUTS
    assert report.counts["opt_outs_effective"] >= OPT_OUTS / 3, "the others became effective when nobody asked any more"
    assert run.downloads >= 1
    assert report.counts["releases_complete"] >= 50
    assert run.increments >= 1
    assert report.counts["recalls"] >= OPT_OUTS / 2, "whoever opted out before anything had left of it is not recalled"
    assert report.counts["releases_appended"] >= CLIENTS / 10
    _check_that_it_was_a_race(run)


def _check_that_it_was_a_race(run: Race) -> None:
    acknowledged = [attempt.answered for attempt in run.history.attempts if attempt.effective]
    complete = [release for release in run.history.releases if release.outcome == "complete" and release.records]
    assert any(release.started < min(acknowledged) for release in complete)
    assert any(release.started > max(acknowledged) for release in complete)
    assert sum(_overlaps(release, acknowledged) for release in complete) >= 5


def _overlaps(release: Release, acknowledged: list[int]) -> bool:
    return any(release.started < at < release.ended for at in acknowledged)
