"""A statutory deadline that was missed is a fact of its own, in the ledger."""

from collections.abc import Sequence
from datetime import datetime

from common.contracts.event import Event
from common.contracts.privacy import StatutoryDeadlineMissed
from common.deadlines.deadline import Deadline
from common.deadlines.policies import BREACH


def outcome_events(deadline: Deadline, kind: str, at: datetime) -> Sequence[Event]:
    """Only of a breach. Told again it is the same event."""
    if kind != "missed":
        return []
    return [
        StatutoryDeadlineMissed(
            event_id=deadline.event_id(BREACH),
            occurred_at=at,
            case_id=deadline.subject,
            policy=deadline.policy_code,
            policy_version=deadline.policy_version,
            due_at=deadline.due_at or at,
        )
    ]
