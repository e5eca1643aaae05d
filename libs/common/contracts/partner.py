"""What the health plan reads from the partner topics. No client id: a recipient token stands for one person and one consent."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import Programme, Purpose

STATE_TOPIC = "partner.individual.state.v1"
RECALL_TOPIC = "partner.recalls.v1"
STATE_TYPE = "partner.individual.v1"
DELETED_TYPE = "partner.individual.deleted.v1"
RECALL_TYPE = "partner.recall_requested.v1"


class IndividualState(BaseModel):
    """The value under a token on the compacted topic: everything shared under it now. A tombstone ends it."""

    model_config = ConfigDict(frozen=True)

    token: UUID
    programme: Programme
    purpose: Purpose
    records: list[dict[str, Any]]


class RecallRequested(BaseModel):
    """Delete what the recall (`GET /v1/recalls`) lists, then acknowledge it."""

    model_config = ConfigDict(frozen=True)

    recall_id: UUID
    decision_id: UUID
