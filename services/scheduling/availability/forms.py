"""Availability as it comes and goes over HTTP: times of day as people write them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.contracts.scheduling import AppointmentKind
from common.never_kept import StructuredText
from common.problems import Problem
from scheduling.availability.rules import WHOLE_DAY, Exceptional, Interval, Terms, Weekly

OfDay = Annotated[str, Field(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["09:00"])]
"""A time on the provider's clock; 24:00 is the end of the day."""
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]


class HoursIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weekday: int = Field(ge=0, le=6, description="Monday is 0.")
    starts: OfDay
    ends: OfDay


class TermsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    time_zone: StructuredText = Field(min_length=1, max_length=64, examples=["America/Chicago"])
    consultation_minutes: int = Field(20, ge=5, le=180)
    session_minutes: int = Field(50, ge=5, le=240)
    buffer_minutes: int = Field(10, ge=0, le=120)
    lead_minutes: int = Field(120, ge=0, le=20_160)
    horizon_days: int = Field(60, ge=1, le=365)
    step_minutes: int = Field(30, ge=5, le=240)


class AvailabilityIn(TermsIn):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"time_zone": "America/Chicago", "hours": [{"weekday": 0, "starts": "09:00", "ends": "12:30"}], "step_minutes": 30}
        },
    )

    hours: list[HoursIn] = Field(max_length=70)
    """Every week, on the provider's clock."""


class ExceptionIn(BaseModel):
    """Without times it is the whole day."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"day": "2026-12-24", "kind": "closed"}})

    day: date
    kind: Literal["closed", "open"]
    starts: OfDay | None = None
    ends: OfDay | None = None
    exception_id: UUID = Field(default_factory=uuid4)
    """The caller's own id, so that it may be repeated."""


class AvailabilityOut(AvailabilityIn):
    provider_id: UUID
    exceptions: list[ExceptionIn]
    version: int
    """0 where nothing was said yet."""


class HoldIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "provider_id": "b7f6c2d1-9a0e-4c57-8f3b-2f9d1e6a7c30",
                "kind": "consultation",
                "starts_at": "2026-11-24T15:00:00-06:00",
            }
        },
    )

    provider_id: UUID
    kind: AppointmentKind
    starts_at: Moment


def terms_in(body: AvailabilityIn) -> Terms:
    return Terms(**body.model_dump(exclude={"hours"}))


def weekly_in(body: AvailabilityIn) -> list[Weekly]:
    return [Weekly(each.weekday, (_minute(each.starts), _minute(each.ends))) for each in body.hours]


def exception_in(body: ExceptionIn) -> Exceptional:
    """Raises Problem where one of the two times is missing, or they are the wrong way round."""
    interval = WHOLE_DAY
    if body.starts is not None or body.ends is not None:
        if body.starts is None or body.ends is None or body.starts >= body.ends:
            raise Problem("invalid_request", "Give both times, the later one as the end; or none for the whole day.", field="ends")
        interval = _minute(body.starts), _minute(body.ends)
    return Exceptional(body.day, body.kind, interval)


def exception_out(exception_id: UUID, found: Exceptional) -> ExceptionIn:
    times = {} if found.interval == WHOLE_DAY else _times(found.interval)
    return ExceptionIn(exception_id=exception_id, day=found.day, kind=found.kind, **times)


def availability_out(
    provider_id: UUID, terms: Terms, weekly: Sequence[Weekly], exceptions: Mapping[UUID, Exceptional], version: int
) -> AvailabilityOut:
    return AvailabilityOut(
        **terms.model_dump(),
        provider_id=provider_id,
        hours=[HoursIn(weekday=each.weekday, **_times(each.interval)) for each in weekly],
        exceptions=[exception_out(exception_id, each) for exception_id, each in exceptions.items()],
        version=version,
    )


def _times(interval: Interval) -> dict[str, str]:
    starts, ends = (f"{minute // 60:02}:{minute % 60:02}" for minute in interval)
    return {"starts": starts, "ends": ends}


def _minute(of_day: str) -> int:
    hours, minutes = of_day.split(":")
    return int(hours) * 60 + int(minutes)
