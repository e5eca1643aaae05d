"""Whether a plan can be processed (S2). Pure."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.problems import Problem


class Plan(BaseModel):
    """Both days are included. `copay_cents` is what a visit costs the client where insurance pays; absent where it is not known."""

    model_config = ConfigDict(frozen=True)

    plan_id: UUID
    name: str
    participating: bool = True
    participating_from: date | None = None
    participating_until: date | None = None
    copay_cents: int | None = None
    payer_id: str | None = None


def checked(plan: Plan) -> Plan:
    """Raises Problem."""
    first, last = plan.participating_from, plan.participating_until
    if first is not None and last is not None and last < first:
        raise Problem("invalid_request", "Participation ends after it starts.", field="participating_until")
    return plan


def participates(plan: Plan, on: date) -> bool:
    if not plan.participating or (plan.participating_from is not None and on < plan.participating_from):
        return False
    return plan.participating_until is None or on <= plan.participating_until
