"""Assignments and answers as the tests about answering know them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from assessments.assignments.rules import Assignment, AssignmentState
from assessments.responses.rules import Answerer
from common.contracts.vocabulary import Programme

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
CLIENT, PROVIDER = uuid4(), uuid4()
HERSELF, ON_BEHALF = Answerer("client", CLIENT), Answerer("provider", PROVIDER)
ITEM_9 = "44260-8"
CODES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
"""For 0, 1, 2 and 3."""


def assignment(state: AssignmentState = AssignmentState.SENT, client: UUID = CLIENT, **more: Any) -> Assignment:
    """Sent an hour ago, open for two days."""
    made: dict[str, Any] = {
        "assignment_id": uuid4(),
        "client_id": client,
        "episode_id": uuid4(),
        "programme": Programme.CARE_CONNECT,
        "schedule": "first",
        "schedule_version": 1,
        "instruments": ("phq-9", "gad-7"),
        "visit_id": None,
        "state": state,
        "send_at": NOON - timedelta(hours=1),
        "due_at": NOON + timedelta(days=1),
        "closes_at": NOON + timedelta(days=2),
        "sent_at": NOON - timedelta(hours=1),
    }
    return Assignment(**made | more)
