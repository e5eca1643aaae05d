"""Facts about recipients of individual data: from when until when they may get anything (C14). No client is named."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from common.contracts.event import Event


class GateCloseReason(StrEnum):
    ENDED = "ended"
    EXPIRED = "expired"


class _OfARecipient(Event):
    recipient_id: UUID
    opening_id: UUID

    @property
    def subject(self) -> UUID:
        return self.recipient_id


class GateOpened(_OfARecipient):
    """C14: contracts are in force until `open_until`, and it may get what is shared. `resumed`: an officer opened it again."""

    type: ClassVar[str] = "reporting.gate_opened.v1"
    open_until: AwareDatetime
    resumed: bool


class GateClosed(_OfARecipient):
    """C14: no contract is in force any more. Nothing was on its way to the recipient when this was recorded."""

    type: ClassVar[str] = "reporting.gate_closed.v1"
    reason: GateCloseReason
