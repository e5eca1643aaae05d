"""Facts that the reporting service publishes: what an opt-out did."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Programme, Sink


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
