"""What of a closed month, and of the quarter and year that it completes, may leave. The one function that every number passes. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reporting.measures.families import Family
from reporting.release_ledger.cells import Counted, Decided, Policy, Population


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and how long it took. `audited`: how many small numbers the integer audit looked at."""

    decided: Sequence[Decided]
    linear_seconds: float
    audit_seconds: float
    audited: int


def decide(
    policy: Policy, family: Family, month: str, counted: Iterable[Counted], population: Population, past: Iterable[Decided]
) -> Decision:
    """`counted`: the family's rollup of the year's closed months, this one included. `past`: all that was decided of that year before."""
    raise NotImplementedError
