"""What clients, providers and teams are told by other services than scheduling, whose the texts, addresses and inboxes are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

RecipientKind = Literal["client", "provider", "team"]
CLINICAL_TEAM = UUID(int=1)
"""The recipient of kind `team` that safety flags go to when no provider acknowledges them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of news for one recipient, told at most once for each `reason`. `template` names a text of scheduling's.

    Nothing is told after `not_after`. `link` is where the news leads to; None: the recipient's page in the portal.
    """

    kind: RecipientKind
    recipient_id: UUID
    template: str
    reason: str
    about: UUID | None = None
    starts_at: datetime | None = None
    link: str | None = None
    not_after: datetime | None = None
