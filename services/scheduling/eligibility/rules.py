"""Whether a client is eligible for a programme on a day of service, and why not (S1, S2). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import EligibilityVerified
from common.contracts.vocabulary import Programme
from scheduling.clients.rules import Client
from scheduling.employers.rules import Contract, as_of, in_force
from scheduling.plans.rules import Plan, participates


class Source(StrEnum):
    REGISTRATION = "registration"
    FILE = "file"
    API = "api"


class Period(BaseModel):
    """Employed there and covered by that plan, from the first to the last day. Without a programme: for all that the employer offers.

    Nothing is overwritten: what was known from `recorded_at` on was known until `superseded_at`.
    """

    model_config = ConfigDict(frozen=True)

    period_id: UUID
    client_id: UUID
    employer_id: UUID
    plan_id: UUID
    programme: Programme | None = None
    starts_on: date
    ends_on: date | None = None
    source: Source
    recorded_at: datetime
    superseded_at: datetime | None = None

    def holds(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


class Reason(StrEnum):
    NONE = ""
    NO_COVERAGE = "no_coverage_on_that_day"
    NOT_EMPLOYED = "not_employed_there"
    """Any more: the last coverage has ended."""
    NOT_OFFERED = "programme_not_offered"
    NOT_IN_FORCE = "contract_not_in_force"
    REGION = "region_not_covered"
    PLAN = "plan_not_participating"
    """S2: client and provider are told."""
    PAYER = "refused_by_payer"


DETAILS = {
    Reason.NONE: "Eligible.",
    Reason.NO_COVERAGE: "Nothing is known of a coverage on that day.",
    Reason.NOT_EMPLOYED: "The employment or its coverage has ended before that day.",
    Reason.NOT_OFFERED: "The employer does not offer this programme to this client.",
    Reason.NOT_IN_FORCE: "The employer's contract for this programme is not in force on that day.",
    Reason.REGION: "The employer's contract does not cover the client's state.",
    Reason.PLAN: "The health plan cannot be processed on that day.",
    Reason.PAYER: "The health plan says that the coverage is not active.",
}


class Verdict(BaseModel):
    """As of a day of service. `employer_id` and `plan_id` are those of the coverage that it is about."""

    model_config = ConfigDict(frozen=True)

    client_id: UUID
    programme: Programme
    as_of: date
    eligible: bool
    reason: Reason = Reason.NONE
    detail: str
    employer_id: UUID
    plan_id: UUID
    source: Literal["embedded", "payer", "payer_unavailable"] = "embedded"
    """Who said so: our own records, the payer, or our own records because the payer could not be asked."""


@dataclass(frozen=True, slots=True)
class PayerAnswer:
    """What the plan itself said of a coverage when it was asked."""

    client_id: UUID
    programme: Programme
    plan_id: UUID
    as_of: date
    active: bool
    answered_at: datetime


def known_at(periods: Iterable[Period], at: datetime) -> list[Period]:
    """What was known at that moment."""
    return [p for p in periods if p.recorded_at <= at and (p.superseded_at is None or at < p.superseded_at)]


def verdict(
    client: Client,
    periods: Sequence[Period],
    contracts: Mapping[UUID, Sequence[Contract]],
    plans: Mapping[UUID, Plan],
    programme: Programme,
    on: date,
) -> Verdict:
    """Of the coverages that hold on that day one that makes eligible, else the one at the client's employer, else the latest known.

    `contracts` has every version of each employer; `periods` are those that are known.
    """
    holding = sorted(
        (p for p in periods if p.holds(on)), key=lambda p: (p.employer_id != client.employer_id, -p.recorded_at.timestamp(), p.period_id)
    )
    if not holding:
        ended = any(p.ends_on is not None and p.ends_on < on for p in periods)
        return _verdict(client, programme, on, Reason.NOT_EMPLOYED if ended else Reason.NO_COVERAGE)
    found = [
        (p, _against(client, p, as_of(contracts.get(p.employer_id, ()), programme, on), plans[p.plan_id], programme, on)) for p in holding
    ]
    period, reason = next(((p, reason) for p, reason in found if not reason), found[0])
    return _verdict(client, programme, on, reason, period)


def _against(client: Client, period: Period, contract: Contract | None, plan: Plan, programme: Programme, on: date) -> Reason:
    if contract is None or period.programme not in (None, programme):
        return Reason.NOT_OFFERED
    if not in_force(contract, on):
        return Reason.NOT_IN_FORCE
    if contract.regions is not None and client.state not in contract.regions:
        return Reason.REGION
    return Reason.NONE if participates(plan, on) else Reason.PLAN


def _verdict(client: Client, programme: Programme, on: date, reason: Reason, period: Period | None = None) -> Verdict:
    return Verdict(
        client_id=client.client_id,
        programme=programme,
        as_of=on,
        eligible=not reason,
        reason=reason,
        detail=DETAILS[reason],
        employer_id=period.employer_id if period else client.employer_id,
        plan_id=period.plan_id if period else client.plan_id,
    )


def with_payer(found: Verdict, answer: PayerAnswer | None, periods: Sequence[Period]) -> Verdict:
    """What the payer said counts for days of service from the one it was asked about, until the coverage changes."""
    if answer is None or not found.eligible or answer.plan_id != found.plan_id or found.as_of < answer.as_of:
        return found
    if any(period.recorded_at > answer.answered_at for period in periods):
        return found
    if answer.active:
        return found.model_copy(update={"source": "payer"})
    return found.model_copy(update={"source": "payer", "eligible": False, "reason": Reason.PAYER, "detail": DETAILS[Reason.PAYER]})


def differs(now: Verdict, last: Verdict | None) -> bool:
    """Whether there is something to tell. The day alone is no news."""
    return last is None or (now.reason, now.employer_id, now.plan_id) != (last.reason, last.employer_id, last.plan_id)


def verified(found: Verdict, now: datetime) -> EligibilityVerified:
    return EligibilityVerified(
        occurred_at=now,
        client_id=found.client_id,
        employer_id=found.employer_id,
        plan_id=found.plan_id,
        programme=found.programme,
        as_of=found.as_of,
        eligible=found.eligible,
        reason=found.reason,
    )
