"""Policies: how long something may take, what happens on the way, and what happens when it is over. Versioned data in files.

A version never changes: an open deadline keeps the one that it was armed with, so a file stays as long as deadlines of it are open.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

BREACH = "breach"
"""The key under which the breach itself is claimed; no rung may have it."""


class Rung(BaseModel):
    """One step of a ladder. Hours are hours of the running clock, real ones also over a change of the clocks; a pause moves them on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1)
    action: str = Field(min_length=1)
    hours_after_anchor: float | None = None
    """Below 0: before the anchor, such as a reminder before an appointment."""
    hours_before_due: float | None = None
    """Below 0: after it was due."""
    business_days_after_anchor: int | None = Field(default=None, ge=0)
    """At the end of that local day, like a budget in business days."""
    max_lateness_hours: float | None = Field(default=None, ge=0)
    """Later than this it is recorded as expired, and its action is not run."""
    again: bool = False
    """A moved anchor fires it anew: a reminder of the new date. Other rungs that were fired stay so."""

    @model_validator(mode="after")
    def _at_one_time(self) -> Self:
        times = (self.hours_after_anchor, self.hours_before_due, self.business_days_after_anchor)
        if self.key == BREACH or sum(time is not None for time in times) != 1:
            raise ValueError(f"rung {self.key}: a key other than {BREACH}, and exactly one time")
        return self


class Policy(BaseModel):
    """`business_hours` are the hours of business days (calendars know days, not office hours); days end with the local day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    version: int = Field(ge=1)
    rule: str
    """The id of the programme's rule that it comes from, such as S7."""
    budget: int = Field(ge=0)
    unit: Literal["elapsed_hours", "business_hours", "business_days", "calendar_days"]
    rungs: tuple[Rung, ...] = ()
    on_breach: str | None = None

    @model_validator(mode="after")
    def _is_a_ladder(self) -> Self:
        if len({rung.key for rung in self.rungs}) < len(self.rungs):
            raise ValueError("two rungs have one key")
        for kind in {name for rung in self.rungs for name in self._place(rung)}:
            places = [place[kind] for rung in self.rungs if kind in (place := self._place(rung))]
            if places != sorted(places):
                raise ValueError("the rungs are out of order")
        return self

    def _place(self, rung: Rung) -> dict[str, float]:
        """Where it is on a scale that can be known before there is an anchor."""
        if rung.business_days_after_anchor is not None:
            return {"day": rung.business_days_after_anchor}
        if rung.hours_after_anchor is not None:
            return {"hours": rung.hours_after_anchor}
        assert rung.hours_before_due is not None
        if self.unit == "elapsed_hours":
            return {"hours": self.budget - rung.hours_before_due}
        return {"due": -rung.hours_before_due}

    @property
    def needs_calendar(self) -> bool:
        return self.unit.startswith("business") or any(rung.business_days_after_anchor is not None for rung in self.rungs)

    @property
    def actions(self) -> frozenset[str]:
        return frozenset(rung.action for rung in self.rungs) | ({self.on_breach} if self.on_breach else frozenset())


Policies = Mapping[tuple[str, int], Policy]


@lru_cache(maxsize=256)
def parse_policy(body: str) -> Policy:
    return Policy.model_validate_json(body)


def load_policies(folder: Path) -> Policies:
    """Every version from files `<code>.v<N>.json`. Raises ValueError for what is no policy, or not the one that the name says."""
    found: dict[tuple[str, int], Policy] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            policy = Policy.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise ValueError(f"{file.name}: {error}") from error
        if file.name != f"{policy.code}.v{policy.version}.json" or (policy.code, policy.version) in found:
            raise ValueError(f"{file.name} holds {policy.code} version {policy.version}")
        found[policy.code, policy.version] = policy
    return found


def newest(policies: Policies, code: str) -> Policy:
    """The version to arm with. Raises KeyError where there is none."""
    versions = [version for known, version in policies if known == code]
    if not versions:
        raise KeyError(code)
    return policies[code, max(versions)]
