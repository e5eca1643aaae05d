"""When the simulated clock stands still for the service to work, and what is taken from it meanwhile. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Literal

from tests.simulation.histories import BEGIN, END, History
from tests.simulation.reading import first_span, states

LEAST = timedelta(minutes=6)
"""Of a window that must be left at a stop: real time goes on meanwhile."""
Kind = Literal["kill", "kill both", "kill postgres", "kafka away", "scheduling refuses", "scheduling hangs", "service away", "cut off"]

SEARCHED = 60
BLOCKING: tuple[Kind, ...] = ("service away", "cut off")


@dataclass(frozen=True, slots=True)
class Fault:
    """From one stop on until before another; a kill is mended within its stop."""

    kind: Kind
    stop: int
    until: int

    @property
    def blocks(self) -> bool:
        """Whether nothing can be sent meanwhile, or nothing is known of what happens."""
        return self.kind in BLOCKING


Windows = Sequence[tuple[datetime, datetime]]


def windows(found: Sequence[History]) -> Windows:
    """Within each of these some first assessments are to be sent, if they were not before."""
    every: list[tuple[datetime, datetime]] = []
    for history in found:
        for event, known in zip(history.events, states(history.events)[1:], strict=True):
            for episode in {meeting.episode for meeting in known.meetings.values()}:
                span = first_span(known, episode, event.occurred_at)
                if span and max(span.opens, event.occurred_at) + LEAST < span.due < END:
                    every.append((max(span.opens, event.occurred_at), span.due - LEAST))
    return sorted(every)


def stops(wanted: Windows, step: timedelta, until: datetime = END) -> list[datetime]:
    """At least one in each window, and never further apart than a step."""
    by_end = sorted(wanted, key=lambda window: window[1])
    made, at, n = list[datetime](), BEGIN, 0
    while at < until:
        while n < len(by_end) and by_end[n][0] <= at:  # begun by the last stop, and so met by it, or by one before
            n += 1
        at = min(at + step, next((end for begin, end in islice(by_end, n, None) if begin > at), until))
        made.append(at)
    return made


def blocked_between(faults: Sequence[Fault]) -> set[int]:
    return {stop for fault in faults if fault.blocks for stop in range(fault.stop, fault.until)}


def missed(wanted: Windows, at: Sequence[datetime], blocked: set[int]) -> Windows:
    """The windows without a stop at which something could have been done."""
    within = ((window, range(bisect_left(at, window[0]), bisect_right(at, window[1]))) for window in wanted)
    return [window for window, its in within if blocked.issuperset(its)]


def faults(draw: Random, at: Sequence[datetime], wanted: Windows, counts: Mapping[Kind, int]) -> list[Fault]:
    """Spread over the run. What blocks is never as long as a window."""
    made: list[Fault] = []
    for kind, count in counts.items():
        for number in range(count):
            stop = int(len(at) * (number + draw.uniform(0.1, 0.9)) / count)
            fault = _fault(draw, kind, min(max(stop, 3), len(at) - 20), at, wanted, made)
            made += [fault] if fault else []
    return sorted(made, key=lambda fault: fault.stop)


def _fault(draw: Random, kind: Kind, stop: int, at: Sequence[datetime], wanted: Windows, others: Sequence[Fault]) -> Fault | None:
    """None where windows are so many that no stop can be spared."""
    if kind.startswith("kill"):
        return Fault(kind, stop, stop)
    hours = draw.uniform(6, 12) if kind == "kafka away" else 24
    found = Fault(kind, stop, max(stop + 1, bisect_left(at, at[stop] + timedelta(hours=hours))))
    before, after = at[stop] - timedelta(days=3), at[min(stop + SEARCHED + 20, len(at) - 1)]
    near = [window for window in wanted if before < window[1] and window[0] < after]
    while found.blocks and missed(near, at, blocked_between([*others, found])):
        shorter = found.until - 1
        found = Fault(kind, found.stop, shorter) if shorter > found.stop else Fault(kind, found.stop + 1, found.stop + 4)
        if found.stop > stop + SEARCHED:
            return None
    return found
