"""What a bundle is made for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class About:
    """The request that it answers, and who answers for the data."""

    request_id: UUID
    client_id: UUID
    asked_at: datetime
    collected_at: datetime
    """When the last of the parts had come in."""
    network_name: str
    privacy_address: str
