"""What the release ledger decides about: cells, and the counts that stand behind them. Pure.

A cell is a set of clients with a name: a family, whom it is about (scope), a calendar period, and a group of a breakdown. Every number
that leaves is the count of a cell, or the sum over it, or follows from such numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from common.contracts.vocabulary import Programme


class ScopeKind(StrEnum):
    PLAN = "plan"
    """All clients of a health plan. For the plan."""
    PROGRAMME = "programme"
    """A plan's clients in one programme. For the plan."""
    EMPLOYER = "employer"
    """For the employer alone (R3)."""
    NETWORK = "network"
    """The norm: all employers together (C15). For everybody."""
    SMALLER_EMPLOYERS = "smaller_employers"
    """All employers that are too small for a report of their own (D12). For everybody."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """`id`: the plan, `<plan>/<programme>`, the employer, or empty."""

    kind: ScopeKind
    id: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """`breakdown` is empty for the whole population. `group` is a path of group names; merged neighbours are joined with `+` in the last
    part of it: `within/day_1+day_2`."""

    family: str
    scope: Scope
    period: str
    breakdown: str = ""
    group: str = ""


class Reason(StrEnum):
    """Why a cell is withheld. For the privacy officer's eyes: whoever gets the report sees one mark for all of them (D2)."""

    SMALL = "small"
    """D1: fewer clients than the threshold, or none."""
    COMPLEMENT = "complement"
    """D3, D4: what it leaves out would be too small."""
    CONTRIBUTORS = "contributors"
    """D10: too few providers or employers, or one of them is nearly all of it."""
    DERIVABLE = "derivable"
    """D5: with what is published already, a small number could be calculated."""
    RANGE = "range"
    """D6: with what is published already, a small number could be pinned down to a narrow range."""
    OWN_NUMBERS = "own_numbers"
    """D10: an employer that knows its own numbers could calculate another's."""
    GATE = "gate"
    """D12: the employer has no report of its own for this span."""
    PARENT = "parent"
    """The number that it is a part of is withheld."""


@dataclass(frozen=True, slots=True)
class Decided:
    """`n` and `total` are what is published; both None where it is withheld, `total` also where the group has no sum to show."""

    cell: Cell
    n: int | None
    total: int | None = None
    reason: Reason | None = None

    @property
    def released(self) -> bool:
        return self.n is not None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and how long it took. `audited`: how many small numbers the integer audit looked at."""

    decided: Sequence[Decided]
    linear_seconds: float
    audit_seconds: float
    audited: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A row of the rollup, of a closed month: so many clients of this kind."""

    family: str
    dimension: str
    plan_id: UUID
    employer_id: UUID
    programme: Programme
    month: str
    provider_id: UUID | None
    kind: str
    a: int
    b: int
    n: int


@dataclass(frozen=True, slots=True)
class Policy:
    """How careful the ledger is. The floors are the ones that the reference measured; a contract may ask for more, never for less."""

    threshold: int = 11
    zeros_shown: bool = False
    """CMS allows zeros. They made 37 exact leaks in the reference's tables, and "0 of 12 improved" says it of each of the 12."""
    providers: int = 3
    provider_percent: int = 80
    employers: int = 3
    median_from: int = 22
    p90_from: int = 110
    interval_from: int = 30
    """A share is shown with its interval from so many clients on; below it is words only (NCHS Series 2 No. 175)."""
    narrowest_range: int = 3
    employer_eligible: int = 50
    quarters_from: int = 800
    """Eligible people from which an employer gets quarters beside the year; about eleven clients at the programme's usual take-up."""
    months_from: int = 2500
    rounded_to: int = 1
    """D14: 5 for contracts that ask for it."""
    off: frozenset[str] = frozenset()
    """Rules that are switched off (`D1` …): for the proof that each of them is needed, and for nothing else."""


@dataclass(frozen=True, slots=True)
class Population:
    """How many people each employer said were eligible, a calendar year; fixed before its first month is closed."""

    eligible: Mapping[tuple[UUID, int], int] = field(default_factory=dict)
