"""Random sequences of decisions by every channel, repeated, under jumping clocks and restarts: the real stack and a small model agree."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.faults.decision_model import Decline, OptIn, OptOut, Withdraw
from tests.faults.model_driver import Known, Play
from tests.records import EVERY
from tests.story import Story

EARLY, FEBRUARY, LATE = "2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z", "2399-01-01T00:00:00Z"
"""Before the notice is in effect, after it, and long after."""


@dataclass(frozen=True)
class Says:
    """`what`: opt_in, decline, opt_out, withdraw or again. `off`: how far the version that an opt-in names is off; None: it names none."""

    who: int
    what: str
    by: str = "portal"
    clock: str | None = None
    categories: frozenset[str] = frozenset()
    off: int | None = 0


@dataclass(frozen=True)
class Writes:
    """The third has an address of their own only."""

    who: int
    what: str
    times: int = 1
    from_household: bool = False


@dataclass(frozen=True)
class Resolves:
    """The privacy officer: `nth` of the mails that wait; whose it was, by place, None: no opt-out."""

    nth: int
    whose: int | None


@dataclass(frozen=True)
class Restarts:
    service: str
    kill: bool


Step = Says | Writes | Resolves | Restarts

person = st.sampled_from([0, 0, 0, 1, 1, 2])
clock = st.sampled_from([None, None, None, None, FEBRUARY, LATE, LATE, EARLY])
some = st.frozensets(st.sampled_from(EVERY), min_size=1, max_size=5)
by_staff_too = st.sampled_from(["portal", "portal", "staff"])
opt_ins = st.builds(
    Says,
    person,
    st.just("opt_in"),
    st.sampled_from(["portal", "portal", "portal", "staff", "staff", "unchecked staff"]),
    clock,
    st.one_of(some, some, some, some, some, st.just(frozenset())),
    st.sampled_from([0, 0, 0, 0, 0, 0, 0, -1, 1, None]),
)
mails = st.builds(Writes, person, st.sampled_from(["unclear", "unclear", "forged", "clear", "automatic"]), st.integers(1, 2), st.booleans())
resolutions = st.builds(Resolves, st.integers(0, 3), st.sampled_from([None, None, 0, 1]))
weighted = {
    opt_ins: 4,
    st.builds(Says, person, st.just("decline"), by_staff_too, clock): 1,
    st.builds(Says, person, st.just("opt_out"), st.sampled_from(["portal", "staff", "link"]), clock): 2,
    st.builds(Says, person, st.just("withdraw"), by_staff_too, clock, some): 2,
    st.builds(Says, person, st.just("again")): 2,
    mails: 4,
    resolutions: 4,
}
steps = st.sampled_from([kind for kind, weight in weighted.items() for _ in range(weight)]).flatmap(lambda kind: kind)
restarts = st.builds(Restarts, st.sampled_from(["consent", "reporting"]), st.booleans())


@st.composite
def plays(draw: st.DrawFn) -> tuple[list[frozenset[str] | str], list[Step]]:
    """First choices, and what follows, with one restart at most."""
    choices = draw(st.lists(st.one_of(some, some, some, st.sampled_from(["decline", "never"])), min_size=3, max_size=3))
    count = draw(st.sampled_from([2, 4, 8, 10, 12, 14, 14, 14, 14, 14]))  # short ones are for shrinking
    following: list[Step] = draw(st.lists(steps, min_size=count, max_size=count))
    if draw(st.sampled_from([False, False, True])):
        following.insert(draw(st.integers(0, len(following))), draw(restarts))
    return choices, following


EVERYTHING = frozenset(EVERY)
LATE_RESOLUTION: list[Step] = [Writes(0, "unclear"), Says(0, "opt_out"), Resolves(0, None), Says(0, "opt_in", off=-1), Says(0, "again")]
WHILE_SUSPENDED: list[Step] = [
    Writes(0, "forged", from_household=True),
    Writes(1, "unclear", times=2),
    Says(0, "withdraw", categories=frozenset({"satisfaction"})),
    Resolves(0, None),
    Restarts("consent", kill=True),
    Says(1, "opt_in", categories=frozenset({"appointments"})),
    Resolves(0, None),
]


@pytest.fixture(scope="module")
def stack(infrastructure: Infrastructure, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(infrastructure, tmp_path_factory.mktemp("model"), name=f"{worker}model_") as started:
        yield started


@pytest.mark.timeout(400)
@settings(max_examples=15, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@example(([EVERYTHING, "decline", "never"], LATE_RESOLUTION))
@example(([EVERYTHING, EVERYTHING, "never"], WHILE_SUSPENDED))
@given(plays())
def test_invariants_1_4_5_whatever_is_decided_state_ledger_receipts_and_releases_follow_the_model(
    stack: Stack, play: tuple[list[frozenset[str] | str], list[Step]]
) -> None:
    asyncio.run(played(stack, *play))


async def played(stack: Stack, choices: list[frozenset[str] | str], following: list[Step]) -> None:
    async with httpx.AsyncClient(timeout=15) as http:
        play = Play(await Story(stack, http).open())
        await play.begin(choices)
        try:
            for number, step in enumerate(following):
                note(f"{number}: {step}")
                await take(play, step)
                await play.compare_states()
        finally:
            await mend(stack)
        await play.compare_everything()


async def take(play: Play, step: Step) -> None:
    match step:
        case Says():
            await say(play, play.clients[step.who], step)
        case Writes():
            household = step.from_household and step.who < 2
            await play.write(play.clients[:2] if household else [play.clients[step.who]], step.what, step.times)
        case Resolves() if play.desk.waiting:
            mails = list(play.desk.waiting)
            mail = mails[step.nth % len(mails)]
            of = [known for known in play.clients if any(known.person is each for each in play.desk.waiting[mail])]
            await play.resolve(mail, [] if step.whose is None else [of[step.whose % len(of)]])
        case Restarts():
            await restart(play.story.stack, step)


async def say(play: Play, known: Known, step: Says) -> None:
    id, in_effect = str(uuid4()), step.clock != EARLY
    match step.what:
        case "opt_in":
            version = None if step.off is None else max(0, known.person.version + step.off)
            call = OptIn(id, version, step.categories, step.by != "unchecked staff", in_effect)
            await play.say(known, call, step.by, step.clock)
        case "decline":
            await play.say(known, Decline(id, in_effect), step.by, step.clock)
        case "opt_out":
            await play.say(known, OptOut(), step.by, step.clock)
        case "withdraw":
            await play.say(known, Withdraw(step.categories), step.by, step.clock)
        case "again" if known.last:
            await play.say(known, *known.last)


async def restart(stack: Stack, step: Restarts) -> None:
    """What was acknowledged a moment ago has to outlast it. Reporting comes back while decisions go on."""
    process = stack.processes[step.service]
    await asyncio.to_thread(process.kill if step.kill else process.stop)
    await asyncio.to_thread(process.start)
    if step.service == "consent":
        await asyncio.to_thread(process.wait_ready, f"{stack.url('consent')}/readyz", 60)


async def mend(stack: Stack) -> None:
    for service in ("consent", "reporting"):
        await asyncio.to_thread(stack.processes[service].wait_ready, f"{stack.url(service)}/readyz", 60)
