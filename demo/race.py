"""Opt-outs race against downloads: several hundred people change their minds while the plan takes its exports."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from math import inf
from random import Random
from uuid import UUID

from demo.history import UNSENT, History, Kind, Outcome
from demo.race_acts import OptIn, Recording, Sharer, opt_in_on
from demo.race_settling import Beginning, beginning_of, settle
from demo.race_waiting import until
from deploy.local.stack import Stack

WAITS = (None, 0)
"""Some ask to be answered at once, when the opt-out is recorded; the others wait as long as the service does by itself."""
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


async def race(stack: Stack, plan_id: UUID, sharers: Sequence[Sharer], course: Course, progress: Callable[[], float] | None = None) -> Race:
    """By the clock or by what `progress` says (from 0 to 1); then waits until all has settled and collects what is left."""
    began = time.monotonic()
    way = progress or (lambda: (time.monotonic() - began) / course.seconds)
    random = Random(course.seed)
    recording = Recording(stack, plan_id, random)
    beginning = await beginning_of(stack)
    await until(recording.request_export, course.patience)
    enough = asyncio.Event()
    downloads = [asyncio.create_task(_download(recording, enough)) for _ in range(course.downloaders)]
    exporting = asyncio.create_task(_export(recording, course.fresh_export_every, enough))
    chosen = random.sample(list(sharers), min(course.opt_outs, len(sharers)))
    stories = [_change_mind(recording, sharer, course, way, Random(f"{course.seed}/{n}")) for n, sharer in enumerate(chosen)]
    await asyncio.gather(_reached(way, 1), *stories)
    enough.set()
    taken = sum(await asyncio.gather(*downloads))
    await exporting
    return await _finish(recording, course, beginning, taken)


async def _finish(recording: Recording, course: Course, beginning: Beginning, taken: int) -> Race:
    began = time.monotonic()
    left = await settle(recording, course.patience)
    history = History(tuple(recording.attempts), recording.released(left.owners), left.final, *beginning)
    return Race(
        history,
        answered_ms=_answered_ms(recording),
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


async def _change_mind(recording: Recording, sharer: Sharer, course: Course, way: Callable[[], float], random: Random) -> None:
    """Out; some in again, out again, and then an old opt-in arrives late; a few do two things at the same moment."""
    place = random.uniform(0.02, 0.85)
    await _reached(way, place)
    await _opt_out(recording, sharer, course.patience, random)
    if random.random() >= course.returning:
        return
    await _reached(way, place + random.uniform(0, 0.1))
    made = opt_in_on(await recording.version(sharer, course.patience), sharer.programme)
    if random.random() < 0.2:
        await asyncio.gather(recording.opt_in(sharer, made), recording.opt_out(sharer, random.choice(WAITS)))
    else:
        await _opt_in(recording, sharer, made, course.patience)
    if random.random() < 0.6:
        await _reached(way, place + random.uniform(0.1, 0.15))
        await _opt_out(recording, sharer, course.patience, random)
        await recording.opt_in(sharer, made)


async def _reached(way: Callable[[], float], place: float) -> None:
    async def there() -> bool:
        return way() >= place

    await until(there, inf, every=0.02)


async def _opt_out(recording: Recording, sharer: Sharer, patience: float, random: Random) -> None:
    """Again and again until it is effective: repeating it is safe, and asks how far it has come. The first answer may come at once."""
    waits = chain([random.choice(WAITS)], repeat(None))

    async def effective() -> bool:
        return (await recording.opt_out(sharer, next(waits))).effective

    await until(effective, patience, every=0.3)


async def _opt_in(recording: Recording, sharer: Sharer, made: OptIn, patience: float) -> None:
    async def answered() -> bool:
        attempt = await recording.opt_in(sharer, made)
        return attempt.outcome is not Outcome.UNKNOWN and attempt.status != UNSENT

    await until(answered, patience, every=0.3)


def _answered_ms(recording: Recording) -> list[float]:
    """Per decision, from the first request that was answered with it to the first that said `effective`; of those who waited for it."""
    asked: dict[str | None, int] = {}
    effective: dict[str | None, int] = {}
    for attempt in recording.attempts:
        if attempt.kind is Kind.OPT_OUT and attempt.outcome is Outcome.OK and attempt.decision_id not in recording.hurried:
            asked.setdefault(attempt.decision_id, attempt.invoked)
            if attempt.effective:
                effective.setdefault(attempt.decision_id, attempt.answered)
    return sorted((answered - asked[decision]) / 1e6 for decision, answered in effective.items())
