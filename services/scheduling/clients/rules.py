"""Who may be a client, and what the others are told of one. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from common.contracts.scheduling import ClientRegistered
from common.contracts.vocabulary import Programme
from common.never_kept import StructuredText, find_ssns
from common.problems import Problem
from scheduling.geography import zone_of

Sex = Literal["female", "male", "other", "unknown"]


def reads_as_ssn(member_id: str) -> bool:
    """C13: a plan that numbers its members by their Social Security numbers has to give another number."""
    digits = member_id.replace("-", "")
    return len(digits) == 9 and digits.isdigit() and bool(find_ssns(f"SSN {digits}"))


def _no_ssn(member_id: str) -> str:
    if reads_as_ssn(member_id):
        raise PydanticCustomError("ssn_refused", "A member id of nine digits reads as a Social Security number: give another one.")
    return member_id


MemberId = Annotated[StructuredText, Field(pattern="^[A-Z0-9][A-Z0-9-]{2,19}$"), AfterValidator(_no_ssn)]
"""What the plan knows the client by."""


def _usual_zone(client: dict[str, Any]) -> str:
    return zone_of(client["state"])


class Client(BaseModel):
    """A covered person, by pseudonym. Names, contacts and Social Security numbers are not kept here (C13)."""

    model_config = ConfigDict(frozen=True)

    client_id: UUID
    employer_id: UUID
    plan_id: UUID
    programme: Programme
    birth_date: date
    sex: Sex
    state: str
    language: str
    time_zone: str = Field(default_factory=_usual_zone)
    member_id: str | None = None
    """Kept as it is, because the plan is asked by it (docs/guides/eligibility-check.md); in no event and no log."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a request needs to know of its client. `offered`: what the employer has a contract for, in force or not."""

    client_id: UUID
    employer_id: UUID
    plan_id: UUID
    state: str
    zone: str
    language: str
    programme: Programme
    offered: Collection[Programme]

    def today(self, now: datetime) -> date:
        """Where the client lives."""
        return now.astimezone(ZoneInfo(self.zone)).date()


def check_offered(programme: Programme, offered: Collection[Programme]) -> None:
    if programme not in offered:
        raise Problem("programme_not_offered", "The client's employer does not offer this programme.", field="programme", rule="S1")


def registered(client: Client, now: datetime) -> ClientRegistered:
    """Coarser than what is kept: the year of birth only."""
    return ClientRegistered(
        occurred_at=now,
        client_id=client.client_id,
        employer_id=client.employer_id,
        plan_id=client.plan_id,
        programme=client.programme,
        birth_year=client.birth_date.year,
        sex=client.sex,
        state=client.state,
        language=client.language,
        time_zone=client.time_zone,
    )
