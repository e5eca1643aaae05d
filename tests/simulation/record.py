"""What a run leaves to be judged: what happened, when it was known, and what was sent and told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from common.contracts import assessments as told
from common.contracts.event import ClientEvent
from tests.simulation.histories import History


@dataclass(frozen=True, slots=True)
class Stop:
    """A while of real time at one moment of simulated time."""

    begin: datetime
    end: datetime
    at_rest: bool
    """Whether by its end all that had happened was known, and all that was due was done."""
    tells: bool
    """Whether scheduling took notices."""


@dataclass(slots=True)
class Learned:
    """Of one client: when each of the events was published, and by when it surely was known."""

    published: list[datetime] = field(default_factory=list)
    known: list[datetime | None] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    histories: Sequence[History]
    learned: dict[UUID, Learned]
    stops: list[Stop] = field(default_factory=list)
    facts: list[ClientEvent] = field(default_factory=list)
    """What assessments told."""
    notices: list[dict[str, Any]] = field(default_factory=list)
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    """What should be none at the end: parked clients, deadlines that fail, broken chains."""
    events: int = 0
    answers: int = 0
    seconds: float = 0

    def told(self, kind: type[ClientEvent]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def figures(self) -> str:
        sent = len(self.told(told.AssessmentSent))
        again = sum(notice["times"] - 1 for notice in self.notices)
        return (
            f"{len(self.histories)} clients, {self.events} events, {len(self.stops)} stops, {sent} sent, {self.answers} answers, "
            f"{len(self.notices)} notices ({again} handed over again), faults {self.faults}, {len(self.exceptions)} exceptions, "
            f"{self.seconds:.0f} s"
        )
