"""A schedule: what is sent when, as data. Pure.

Hours are elapsed ones. Days are the client's own, and what is sent by days goes out at `local_hour` of the day.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.contracts.vocabulary import Programme
from common.deadlines.policies import Policy, Rung
from common.never_kept import StructuredText

Trigger = Literal["first_appointment", "first_session"]
Condition = Literal["elevated_baseline", "in_care"]
SEND, REMIND, CLOSE = "send_assessment", "remind_of_assessment", "close_assessment"
"""The actions (assignments/sending.py)."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BeforeVisit(_Part):
    """Sent so many hours after the first appointment was booked, or so many before it, whichever comes first; due `due_after_hours` after
    it was booked or when it begins, whichever comes first. It can be answered until so many hours after the visit has begun, and for
    `open_days` where the visit falls through."""

    after_hours: int = Field(ge=0, le=48)
    before_hours: int = Field(ge=0, le=72)
    due_after_hours: int = Field(ge=1, le=168)
    answer_hours: int = Field(ge=0, le=168)
    open_days: int = Field(ge=1, le=90)


class AfterSession(_Part):
    """Counted from the day of the first session: sent on day `send_day`, due until the end of day `due_day`, answered until the end of
    day `answer_day`. Not within `after_baseline_days` of the baseline: the instruments ask about the last two weeks."""

    send_day: int = Field(ge=0, le=400)
    due_day: int = Field(ge=0, le=400)
    answer_day: int = Field(ge=0, le=500)
    local_hour: int = Field(ge=0, le=23)
    after_baseline_days: int = Field(0, ge=0, le=60)


class Schedule(_Part):
    """One version, never changed. `unless_answered_days`: not sent where all of it was answered in so many days before."""

    code: StructuredText = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    version: int = Field(ge=1, le=100_000)
    rule: StructuredText = Field(pattern=r"^[A-Z]\d{1,2}$", max_length=3)
    """The id of the programme's rule that it comes from, such as A1."""
    programmes: tuple[Programme, ...] = Field(min_length=1, max_length=5)
    instruments: tuple[StructuredText, ...] = Field(min_length=1, max_length=5)
    trigger: Trigger
    condition: Condition | None = None
    before_visit: BeforeVisit | None = None
    after_session: AfterSession | None = None
    unless_answered_days: int = Field(ge=0, le=60)
    reminder_hours: tuple[int, ...] = Field((), max_length=5)
    """After sending, for as long as it is of use to answer."""
    notice: Literal["assessment", "satisfaction"]
    """Which text the client is told by."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wanted = {"first_appointment": self.before_visit, "first_session": self.after_session}
        if wanted.pop(self.trigger) is None or any(wanted.values()):
            raise ValueError("a schedule has the window of its trigger, and no other")
        if tuple(sorted(set(self.reminder_hours))) != self.reminder_hours or any(hours < 1 for hours in self.reminder_hours):
            raise ValueError("reminders come one after the other, and after the sending")
        window = self.after_session
        if window and not window.send_day <= window.due_day <= window.answer_day:
            raise ValueError("it is sent, then due, then closed")
        return self

    @property
    def policy(self) -> Policy:
        """As the engine of deadlines takes it: the sending and its reminders, from the moment of sending on."""
        reminders = (
            Rung(key=f"reminder_{n}", action=REMIND, hours_after_anchor=hours, max_lateness_hours=24)
            for n, hours in enumerate(self.reminder_hours, 1)
        )
        rungs = (Rung(key="send", action=SEND, hours_after_anchor=0), *reminders)
        budget = max((1, *self.reminder_hours)) + 24
        return Policy(code=self.code, version=self.version, rule=self.rule, budget=budget, unit="elapsed_hours", rungs=rungs)


CLOSING = Policy(code="assessment_closing", version=1, rule="A2", budget=0, unit="elapsed_hours", on_breach=CLOSE)
"""Anchored at the moment from which it can no longer be answered."""

Schedules = Mapping[str, Schedule]
"""The newest version of each, by its code."""
