"""Opt-outs race against all that the plan takes and is told: exports, increments, topics, webhooks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from math import inf
from random import Random

from demo.history import UNSENT, History, Kind, Outcome
from demo.partner import Partner
from demo.race_acts import OptIn, Recording, Sharer, opt_in_on
from demo.race_plan import Plan, taking_part
from demo.race_settling import Beginning, beginning_of, settle
from demo.race_waiting import until
from deploy.local.stack import Stack

WAITS = (None, 0)
"""Some ask to be answered at once, when the opt-out is recorded; the others wait as long as the service does by itself."""
KEPT_EXPORTS = 6
"""Downloads take one of the last few exports, so that most were made before the opt-outs that redact them."""
FOLLOW_EVERY, ANSWER_EVERY = 1.0, 1.5
"""Seconds between two increments, and between two looks at the recalls."""


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
    webhook: bool = True
    """Whether the plan has an endpoint: the services must reach this machine."""


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
    increments: int
    """Runs of the one who follows the increments."""
    sinks_complete: bool
    settled_seconds: float


async def race(
    stack: Stack, partner: Partner, sharers: Sequence[Sharer], course: Course, progress: Callable[[], float] | None = None
) -> Race:
    """By the clock or by what `progress` says (from 0 to 1); then waits until all has settled and collects what is left."""
    random = Random(course.seed)
    recording = Recording(stack, random)
    beginning, since = await beginning_of(stack), time.monotonic_ns()
    async with taking_part(stack, partner, random, recording.recorder, webhook=course.webhook) as plan:
        await until(lambda: _taken_once(plan, random), course.patience)
        enough, began = asyncio.Event(), time.monotonic()
        way = progress or (lambda: (time.monotonic() - began) / course.seconds)
        taking = _take(plan, course, random, enough)
        chosen = random.sample(list(sharers), min(course.opt_outs, len(sharers)))
        stories = [_change_mind(recording, sharer, course, way, Random(f"{course.seed}/{n}")) for n, sharer in enumerate(chosen)]
        await asyncio.gather(_reached(way, 1), *stories)
        enough.set()
        taken = sum(await asyncio.gather(*taking))
        return await _finish(recording, plan, course, beginning, taken, since)


def _take(plan: Plan, course: Course, random: Random, enough: asyncio.Event) -> list[asyncio.Task[int]]:
    """Everything that the plan does meanwhile; each task answers how many exports it took."""
    acts = [
        *(_download(plan, random, enough) for _ in range(course.downloaders)),
        _again(lambda: _asked(plan, random), course.fresh_export_every, enough),
        _again(plan.follower.follow, FOLLOW_EVERY, enough),
        _again(plan.answer_recalls, ANSWER_EVERY, enough),
    ]
    return [asyncio.create_task(act) for act in acts]


async def _finish(recording: Recording, plan: Plan, course: Course, beginning: Beginning, taken: int, since: int) -> Race:
    began = time.monotonic()
    left = await settle(recording, plan, beginning, course.patience)
    plan.topics.note_in(plan.recipient.arrivals, since)
    released = plan.recipient.arrivals.released(left.owners)
    history = History(tuple(recording.attempts), released, left.final, beginning.ledger, beginning.versions)
    return Race(
        history,
        answered_ms=_answered_ms(recording),
        applied_ms=left.applied_ms,
        downloads=taken,
        increments=plan.follower.runs,
        sinks_complete=not left.final.open_receipts,
        settled_seconds=time.monotonic() - began,
    )


async def _taken_once(plan: Plan, random: Random) -> bool:
    """A race begins when the plan has something: what nobody has taken cannot be taken back."""
    return await _asked(plan, random) and bool(await plan.recipient.download(plan.recipient.exports[-1]))


async def _asked(plan: Plan, random: Random) -> bool:
    return await plan.ask_for_export(random) is not None


async def _download(plan: Plan, random: Random, enough: asyncio.Event) -> int:
    taken = 0
    while not enough.is_set():
        if await plan.recipient.download(random.choice(plan.recipient.exports[-KEPT_EXPORTS:])):
            taken += 1
        else:
            await asyncio.sleep(0.05)
    return taken


async def _again(act: Callable[[], Awaitable[object]], every: float, enough: asyncio.Event) -> int:
    while not enough.is_set():
        await act()
        try:
            async with asyncio.timeout(every):
                await enough.wait()
        except TimeoutError:
            continue
    return 0


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
