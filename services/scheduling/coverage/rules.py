"""Who pays for a visit, and how many the contract has left (S13). Pure.

Care Connect: insurance pays, the plan's copay applies, nothing is counted. EWS: the employer pays for so many visits a year; at the
limit the client chooses whether to go on with insurance. Consultations, missed and cancelled appointments are not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from common.contracts.scheduling import CoverageChosen, VisitCovered, VisitLimitReached
from common.contracts.vocabulary import Programme
from common.problems import Problem

Funding = Literal["insurance", "employer"]


class CoverageChoice(StrEnum):
    """How it goes on after the contract's last visit of the year."""

    CONTINUE_WITH_INSURANCE = "continue_with_insurance"
    END = "end"


class VisitState(StrEnum):
    RESERVED = "reserved"
    """Scheduled, and not held yet: it holds its place."""
    HELD = "held"


@dataclass(frozen=True, slots=True)
class VisitTerms:
    """`visit_number` and `visit_limit` only where the visit counts. `left`: after this one, nothing else being scheduled or cancelled."""

    funding: Funding
    copay_applies: bool
    visit_number: int | None = None
    visit_limit: int | None = None
    left: int | None = None


INSURED = VisitTerms("insurance", True)


@dataclass(frozen=True, slots=True)
class Visit:
    """`number` and `limit` only where it counts; the number of a visit that is not held yet is the one that it would have now."""

    appointment_id: UUID
    client_id: UUID
    employer_id: UUID
    programme: Programme
    on_date: date
    state: VisitState
    funding: Funding
    number: int | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """What the employer pays for one client in one limit period, both days included. `visits` are those that count."""

    employer_id: UUID
    limit: int
    first: date
    last: date
    visits: Sequence[Visit] = ()
    choice: CoverageChoice | None = None

    @property
    def used(self) -> int:
        return sum(visit.state is VisitState.HELD for visit in self.visits)

    @property
    def left(self) -> int:
        """What is neither used nor scheduled; a limit that was lowered may leave less than nothing."""
        return max(0, self.limit - len(self.visits))

    def without(self, appointment_id: UUID) -> list[Visit]:
        return [visit for visit in self.visits if visit.appointment_id != appointment_id]


def planned(account: Account | None, appointment_id: UUID) -> VisitTerms:
    """Of a visit that is scheduled or moved; one that has its place in the account keeps it. `account` is None where the employer pays
    for nothing on that day. Raises Problem at the limit, unless the client goes on with insurance."""
    if account is None:
        raise Problem("not_eligible", "The employer's contract does not cover the client on that day.", field="starts_on", rule="S1")
    others = account.without(appointment_id)
    if len(others) < account.limit or len(others) < len(account.visits):
        limit = max(account.limit, *(visit.limit or 0 for visit in account.visits if visit.appointment_id == appointment_id), 0)
        return VisitTerms("employer", False, len(others) + 1, limit, max(0, limit - len(others) - 1))
    if account.choice is CoverageChoice.CONTINUE_WITH_INSURANCE:
        return INSURED
    raise Problem("visit_limit_reached", "The contract's visits are used up or scheduled.", rule="S13")


def held(account: Account | None, appointment_id: UUID) -> VisitTerms:
    """Of a visit that took place, and so is never refused: what the contract does not pay for, insurance does."""
    if account is None:
        return INSURED
    others = account.without(appointment_id)
    mine = [visit.limit or 0 for visit in account.visits if visit.appointment_id == appointment_id]
    if len(others) >= account.limit and not mine:
        return INSURED
    number = 1 + sum(visit.state is VisitState.HELD for visit in others)
    limit = max(account.limit, *mine, 0)
    return VisitTerms("employer", False, number, limit, limit - number)


def check_may_choose(account: Account | None) -> Account:
    """From when one visit is left that is not used or scheduled: a client who was warned may decide ahead. Raises Problem."""
    if account is None or account.left > 1:
        raise Problem("wrong_state", "There is nothing to choose while covered visits are left.", field="programme", rule="S13")
    return account


def covered(visit: Visit, terms: VisitTerms, provider_id: UUID, now: datetime) -> Sequence[VisitCovered | VisitLimitReached]:
    """What there is to tell of a visit that was held."""
    told = VisitCovered(
        occurred_at=now,
        client_id=visit.client_id,
        appointment_id=visit.appointment_id,
        provider_id=provider_id,
        programme=visit.programme,
        held_on=visit.on_date,
        funding=terms.funding,
        copay_applies=terms.copay_applies,
        visit_number=terms.visit_number,
        visit_limit=terms.visit_limit,
    )
    if terms.left is None or terms.visit_limit is None or terms.left > 0:
        return [told]
    reached = VisitLimitReached(occurred_at=now, client_id=visit.client_id, programme=visit.programme, visit_limit=terms.visit_limit)
    return [told, reached]


def chosen(client_id: UUID, programme: Programme, choice: CoverageChoice, now: datetime) -> CoverageChosen:
    return CoverageChosen(occurred_at=now, client_id=client_id, programme=programme, choice=choice.value)
