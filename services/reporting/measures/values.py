"""What a measure comes to: computed from released counts, and from nothing else. Pure."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

Shown = Literal["shown", "words", "withheld"]
"""`words`: enough people to say it in words, too few for a figure with an interval. `withheld`: one mark, whatever the cause (D2)."""


class Part(BaseModel):
    """One group, or several neighbours together, of a distribution or a flow. `n` is None where it is withheld."""

    model_config = ConfigDict(frozen=True)

    group: str
    """Its path; merged neighbours joined with `+`."""
    title: str
    n: int | None
    share: float | None = None
    """Per cent of the whole distribution."""
    within_target: bool | None = None


class Value(BaseModel):
    model_config = ConfigDict(frozen=True)

    shown: Shown
    value: float | None = None
    low: float | None = None
    """The 95 % interval, where there is one."""
    high: float | None = None
    n: int | None = None
    """Numerator."""
    of: int | None = None
    """Denominator: how many people it is about."""
    words: str = ""
    parts: Sequence[Part] = ()
