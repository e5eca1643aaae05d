"""Facts that the reporting service publishes: what an opt-out did, and how far a recipient is with what was recalled."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import AttestingRole, DeletionMethod, Programme, Sink


class SinkReceipt(BaseModel):
    """One sink is through with one opt-out: how many records it concerned there."""

    model_config = ConfigDict(frozen=True)

    sink: Sink
    records: int


class RedactionApplied(ClientEvent):
    """R5: these sinks have applied this opt-out. Several may follow for one decision, never two for one sink."""

    type: ClassVar[str] = "reporting.redaction_applied.v1"
    decision_id: UUID
    programme: Programme
    receipts: tuple[SinkReceipt, ...]


class _OfARecall(ClientEvent):
    """Ids only. The client is whose data is recalled; the recipient never learns that id."""

    recall_id: UUID
    plan_id: UUID
    decision_id: UUID


class RecallAttested(_OfARecall):
    """R5: the recipient has stated that what was recalled is deleted. The statement stands in the journal as it was made."""

    type: ClassVar[str] = "reporting.recall_attested.v1"
    method: DeletionMethod
    completed_on: date
    attested_by: AttestingRole


class RecallEscalated(_OfARecall):
    """R5: the recipient was reminded, and a further period has passed. Somebody must call it."""

    type: ClassVar[str] = "reporting.recall_escalated.v1"
