"""Opt-outs race against downloads: several hundred people change their minds while the plan takes its exports."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from demo.history import UNSENT, Attempt, Decision, History, Kind, Outcome
from demo.race_acts import OptIn, Recording, Sharer, opt_in_on
from demo.race_settling import ledger_of, settle
from demo.race_waiting import until
from deploy.local.stack import Stack

KEPT_EXPORTS = 4
"""Downloads take one of the last few exports, so that most were made before the opt-outs that redact them."""


@dataclass(frozen=True)
class Course:
    """How much happens. Bounded by count and by time."""

    opt_outs: int = 300
    seconds: float = 20
    downloaders: int = 4
    fresh_export_every: float = 1.0
    returning: float = 0.35
    """The share of clients who opt in again, and out again."""
    patience: float = 60
    """Seconds that somebody goes on trying to get an answer, and that the end may take to settle."""
    seed: int = 1


@dataclass(frozen=True)
class Race:
    """What was recorded, and how long opt-outs took, in milliseconds."""

    history: History
    answered_ms: Sequence[float]
    """From the request sent to `effective` answered."""
    applied_ms: Sequence[float]
    """From the ledger's line to the last receipt that an effective opt-out needs."""
    downloads: int
    """Exports that were downloaded to their last part."""
    sinks_complete: bool
    settled_seconds: float


async def race(stack: Stack, plan_id: UUID, sharers: Sequence[Sharer], course: Course, hold: asyncio.Event | None = None) -> Race:
    """Goes on until the course is run (and `hold` is set), then waits until all has settled and collects what is left."""
    random = Random(course.seed)
    recording = Recording(stack, plan_id, random)
    before = await ledger_of(stack)
    await until(recording.request_export, course.patience)
    enough = asyncio.Event()
    downloads = [asyncio.create_task(_download(recording, enough)) for _ in range(course.downloaders)]
    exporting = asyncio.create_task(_export(recording, course.fresh_export_every, enough))
    chosen = random.sample(list(sharers), min(course.opt_outs, len(sharers)))
    stories = [_change_mind(recording, sharer, course, Random(f"{course.seed}/{n}")) for n, sharer in enumerate(chosen)]
    await asyncio.gather(asyncio.sleep(course.seconds), *stories)
    if hold is not None:
        await hold.wait()
    enough.set()
    taken = sum(await asyncio.gather(*downloads))
    await exporting
    return await _finish(recording, course, before, taken)


async def _finish(recording: Recording, course: Course, before: tuple[Decision, ...], taken: int) -> Race:
    began = time.monotonic()
    left = await settle(recording, course.patience)
    history = History(tuple(recording.attempts), recording.released(left.owners), left.final, before)
    return Race(
        history,
        answered_ms=_answered_ms(recording.attempts),
        applied_ms=left.applied_ms,
        downloads=taken,
        sinks_complete=not left.final.open_receipts,
        settled_seconds=time.monotonic() - began,
    )


async def _download(recording: Recording, enough: asyncio.Event) -> int:
    taken = 0
    while not enough.is_set():
        if await recording.download(recording.random.choice(recording.exports[-KEPT_EXPORTS:])):
            taken += 1
        else:
            await asyncio.sleep(0.05)
    return taken


async def _export(recording: Recording, every: float, enough: asyncio.Event) -> None:
    while not enough.is_set():
        await recording.request_export()
        try:
            async with asyncio.timeout(every):
                await enough.wait()
        except TimeoutError:
            continue


async def _change_mind(recording: Recording, sharer: Sharer, course: Course, random: Random) -> None:
    """Out; some in again, out again, and then an old opt-in arrives late; a few do two things at the same moment."""
    await asyncio.sleep(random.uniform(0.05, 0.8) * course.seconds)
    await _opt_out(recording, sharer, course.patience)
    if random.random() >= course.returning:
        return
    await asyncio.sleep(random.uniform(0, 0.1) * course.seconds)
    made = opt_in_on(await recording.version(sharer, course.patience), sharer.programme)
    if random.random() < 0.2:
        await asyncio.gather(recording.opt_in(sharer, made), recording.opt_out(sharer))
    else:
        await _opt_in(recording, sharer, made, course.patience)
    if random.random() < 0.6:
        await asyncio.sleep(random.uniform(0, 0.1) * course.seconds)
        await _opt_out(recording, sharer, course.patience)
        await recording.opt_in(sharer, made)


async def _opt_out(recording: Recording, sharer: Sharer, patience: float) -> None:
    """Again and again until it is effective: repeating it is safe, and asks how far it has come."""

    async def effective() -> bool:
        return (await recording.opt_out(sharer)).effective

    await until(effective, patience)


async def _opt_in(recording: Recording, sharer: Sharer, made: OptIn, patience: float) -> None:
    async def answered() -> bool:
        attempt = await recording.opt_in(sharer, made)
        return attempt.outcome is not Outcome.UNKNOWN and attempt.status != UNSENT

    await until(answered, patience)


def _answered_ms(attempts: Sequence[Attempt]) -> list[float]:
    """Per decision, from the first request that was answered with it to the first that said `effective`."""
    asked: dict[str | None, int] = {}
    effective: dict[str | None, int] = {}
    for attempt in attempts:
        if attempt.kind is Kind.OPT_OUT and attempt.outcome is Outcome.OK:
            asked.setdefault(attempt.decision_id, attempt.invoked)
            if attempt.effective:
                effective.setdefault(attempt.decision_id, attempt.answered)
    return sorted((answered - asked[decision]) / 1e6 for decision, answered in effective.items())
