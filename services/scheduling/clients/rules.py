"""Who may be a client, and what the others are told of one. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import ClientRegistered
from common.contracts.vocabulary import Programme
from common.problems import Problem

Sex = Literal["female", "male", "other", "unknown"]


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


@dataclass(frozen=True, slots=True)
class Covered:
    """What a request needs to know of its client: the employer, and what that offers."""

    client_id: UUID
    employer_id: UUID
    offered: Collection[Programme]


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
    )
