"""What an outcome rule set may say: a closed vocabulary of picks, windows, thresholds and measures. Pure.

The rule sets themselves are data (`rule_sets/<code>.v<N>.json`, shipped.py).
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Scale = Literal["phq-9", "gad-7"]
HIGHEST: dict[Scale, int] = {"phq-9": 27, "gad-7": 21}
TITLES: dict[Scale, str] = {"phq-9": "PHQ-9", "gad-7": "GAD-7"}

Kind = Literal[
    "elevated", "follow_up", "response", "remission", "reliable_improvement", "reliable_deterioration", "recovery", "reliable_recovery"
]
NEEDS: dict[Kind, frozenset[str]] = {
    "elevated": frozenset(),
    "follow_up": frozenset(),
    "response": frozenset({"response_percent"}),
    "remission": frozenset({"remission_below"}),
    "reliable_improvement": frozenset({"reliable_change"}),
    "reliable_deterioration": frozenset({"reliable_change"}),
    "recovery": frozenset(),
    "reliable_recovery": frozenset({"reliable_change"}),
}
"""The thresholds that a measure cannot do without, besides `elevated_from`."""
OF_EVERYBODY: frozenset[Kind] = frozenset({"elevated", "reliable_improvement", "reliable_deterioration"})
"""All others say something only of those who were elevated at the baseline: nobody recovers from what they did not have."""


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Thresholds(Data):
    """`elevated_from` and `reliable_change` are reached by the number itself; `remission_below` is not."""

    elevated_from: int = Field(ge=1)
    remission_below: int | None = Field(default=None, ge=1)
    response_percent: int | None = Field(default=None, ge=1, le=100)
    reliable_change: int | None = Field(default=None, ge=1)


class Baseline(Data):
    """`last_before_treatment`: the last complete one up to and including the day of the first session, or `late_hours` after its start.

    `first_elevated`: the first complete one that is elevated, whenever in the episode.
    """

    pick: Literal["last_before_treatment", "first_elevated"]
    late_hours: int = Field(default=0, ge=0, le=72)


class Window(Data):
    """Days, both included, counted from the anchor's day, moved on by whole months first (29 February + 12 months: 28 February)."""

    anchor: Literal["baseline", "first_session"]
    months: int = Field(default=0, ge=0, le=24)
    first_day: int
    last_day: int


class FollowUp(Data):
    """Always a complete one later than the baseline, at least `days_after_baseline` days after it.

    `last`: the most recent. `most_recent_in_window`. `first_in_window_else_most_recent`: the window may lie before or behind what there is.
    """

    pick: Literal["last", "most_recent_in_window", "first_in_window_else_most_recent"]
    days_after_baseline: int = Field(default=0, ge=0)
    window: Window | None = None


class Measure(Data):
    """Over several scales: elevated, followed up on any of them; recovered on all; improved on any while none has become worse."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{2,39}$")
    kind: Kind
    scales: tuple[Scale, ...] = Field(min_length=1)


class RuleSet(Data):
    """`not_verified`: what the file states from knowledge, without a source that was checked. `not_applied`: parts that we cannot apply."""

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(ge=1)
    title: str
    source: str
    not_verified: tuple[str, ...] = ()
    not_applied: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    """Where the source leaves something open: what we have chosen."""
    scales: dict[Scale, Thresholds]
    baseline: Baseline
    follow_up: FollowUp
    sessions_held: int = Field(default=0, ge=0)
    """So many make a finished course; before, only `elevated` is measured."""
    measures: tuple[Measure, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _scales_fit(self) -> Self:
        for scale, thresholds in self.scales.items():
            if thresholds.elevated_from > HIGHEST[scale] or (thresholds.reliable_change or 0) > HIGHEST[scale]:
                raise ValueError(f"{scale} has no score above {HIGHEST[scale]}")
            if (thresholds.remission_below or 0) > thresholds.elevated_from:
                raise ValueError(f"{scale}: a score in remission would be elevated")
        return self

    @model_validator(mode="after")
    def _measures_fit(self) -> Self:
        if len({measure.name for measure in self.measures}) < len(self.measures):
            raise ValueError("two measures have one name")
        for measure in self.measures:
            for scale in measure.scales:
                if scale not in self.scales:
                    raise ValueError(f"{measure.name}: there are no thresholds for {scale}")
                if lacking := [name for name in sorted(NEEDS[measure.kind]) if getattr(self.scales[scale], name) is None]:
                    raise ValueError(f"{measure.name}: {scale} lacks {', '.join(lacking)}")
        if unused := self.scales.keys() - {scale for measure in self.measures for scale in measure.scales}:
            raise ValueError(f"no measure takes {min(unused)}")
        return self

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        window = self.follow_up.window
        if (window is None) != (self.follow_up.pick == "last"):
            raise ValueError(f"a follow-up picked as {self.follow_up.pick} {'needs a' if window is None else 'has no'} window")
        if window and window.first_day > window.last_day:
            raise ValueError("the window ends before it begins")
        if self.baseline.pick == "first_elevated" and (self.baseline.late_hours or (window and window.anchor == "first_session")):
            raise ValueError("a baseline at any time of the episode does not go by the first session")
        return self

    @property
    def key(self) -> str:
        return f"{self.code} version {self.version}"
