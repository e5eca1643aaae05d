"""Random sequences of decisions by every channel, repeated, under jumping clocks and restarts: the real stack and a small model agree."""

import asyncio
import os
from dataclasses import dataclass, fields
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from tests.faults.decision_model import Decline, OptIn, OptOut, Withdraw
from tests.faults.model_driver import Known, Play, Said
from tests.records import EVERY
from tests.story import Story

EARLY, FEBRUARY, LATE = "2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z", "2399-01-01T00:00:00Z"
"""Before the notice is in effect, after it, and long after."""


class Short:
    """Shows only what is not as usual, for a failing example to be read."""

    def __repr__(self) -> str:
        shown = ((f.name, getattr(self, f.name), f.default) for f in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value, usual in shown if value != usual)})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Hypothesis would look into the fields by itself."""
        printer.text(repr(self))


@dataclass(frozen=True, repr=False)
class Says(Short):
    """`what`: opt_in, decline, opt_out, withdraw or again. `off`: how far the version that an opt-in names is off; None: it names none."""

    who: int
    what: str
    by: str = "portal"
    clock: str | None = None
    categories: frozenset[str] = frozenset()
    off: int | None = 0


@dataclass(frozen=True, repr=False)
class Writes(Short):
    """The third has an address of their own only."""

    who: int
    what: str
    times: int = 1
    from_household: bool = False


@dataclass(frozen=True, repr=False)
class Resolves(Short):
    """The privacy officer: `nth` of the mails that wait; whose it was, by place, None: no opt-out."""

    nth: int
    whose: int | None


@dataclass(frozen=True, repr=False)
class Restarts(Short):
    service: str
    kill: bool


@dataclass(frozen=True, repr=False)
class Both(Short):
    """At the same moment, about the client of the first."""

    one: Says
    other: Says


Step = Says | Both | Writes | Resolves | Restarts

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
declines = st.builds(Says, person, st.just("decline"), by_staff_too, clock)
opt_outs = st.builds(Says, person, st.just("opt_out"), st.sampled_from(["portal", "staff", "link"]), clock)
withdrawals = st.builds(Says, person, st.just("withdraw"), by_staff_too, clock, some)
racing = st.one_of(opt_ins, opt_ins, opt_outs, withdrawals, declines)
again = st.builds(Says, person, st.just("again"))
both = st.builds(Both, racing, racing)
weighted = {opt_ins: 4, declines: 1, opt_outs: 2, withdrawals: 2, again: 2, both: 3, mails: 4, resolutions: 4}
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
LATE_RESOLUTION: list[Step] = [
    Writes(0, "unclear"),
    Writes(1, "forged"),
    Says(0, "opt_out"),
    Resolves(0, None),
    Says(0, "opt_in", off=-1),
    Says(0, "again"),
]
WHILE_SUSPENDED: list[Step] = [
    Writes(0, "forged", from_household=True),
    Writes(1, "unclear", times=2),
    Says(0, "withdraw", categories=frozenset({"satisfaction"})),
    Resolves(0, None),
    Restarts("consent", kill=True),
    Says(1, "opt_in", categories=frozenset({"appointments"})),
    Resolves(0, None),
]
ONE, OTHER = (Says(0, "opt_in", categories=frozenset({each})) for each in ("satisfaction", "appointments"))
RACES: list[Step] = [Both(ONE, OTHER), Both(OTHER, ONE), Both(ONE, Says(0, "opt_out")), Both(OTHER, Says(0, "decline")), Both(ONE, OTHER)]


@dataclass
class Real:
    """The stack, without its long description in every failing example."""

    stack: Stack

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text("the real stack")


PLAYS = int(os.environ.get("CARE_CONNECT_PLAYS", "2"))
"""Random ones; more of them take some ten seconds each."""


@pytest.fixture(scope="module")
def real(stack: Stack) -> Real:
    return Real(stack)


@pytest.mark.timeout(600)  # a failing example is made small first
@settings(
    max_examples=int(os.environ.get("CARE_CONNECT_PLAYS", "2")), deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)
@example(([EVERYTHING, EVERYTHING, "never"], LATE_RESOLUTION))
@example(([EVERYTHING, EVERYTHING, "never"], WHILE_SUSPENDED))
@example(([EVERYTHING, "decline", "never"], RACES))
@given(plays())
def test_invariants_1_4_5_whatever_is_decided_state_ledger_receipts_and_releases_follow_the_model(
    real: Real, play: tuple[list[frozenset[str] | str], list[Step]]
) -> None:
    asyncio.run(played(real.stack, *play))


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
            known = play.clients[step.who]
            if said := as_said(known, step):
                await play.say(known, said)
        case Both():
            known = play.clients[step.one.who]
            await play.say_at_once(known, *(said for each in (step.one, step.other) if (said := as_said(known, each))))
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


def as_said(known: Known, step: Says) -> Said | None:
    """None where there is nothing to say again."""
    id, in_effect, call = str(uuid4()), step.clock != EARLY, None
    match step.what:
        case "opt_in":
            version = None if step.off is None else max(0, known.person.version + step.off)
            call = OptIn(id, version, step.categories, step.by != "unchecked staff", in_effect)
        case "decline":
            call = Decline(id, in_effect)
        case "opt_out":
            call = OptOut()
        case "withdraw":
            call = Withdraw(step.categories)
    return Said(call, step.by, step.clock) if call else known.last


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
