"""What an attack found: a small set of people, and how it was come by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breach:
    attack: str
    what: str
    """The set, in words: whose, when, which group."""
    n: int
    """How many people it really is."""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What an attack looked at, and what it took apart."""

    examined: int
    breaches: tuple[Breach, ...] = ()


def together(*found: Found) -> Found:
    return Found(sum(part.examined for part in found), tuple(breach for part in found for breach in part.breaches))
