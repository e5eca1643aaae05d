"""What every event is: a past-tense fact about one subject, told once.

An event carries ids and the values that consumers need; no free text and no names. Producers write exactly these fields,
consumers ignore fields that they do not know (fields are only ever added with a default).
"""

from typing import ClassVar, Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    """`service.fact.vN`: the name on the wire. It never changes for a published event."""

    event_id: UUID = Field(default_factory=uuid4)
    occurred_at: AwareDatetime

    @property
    def subject(self) -> UUID:
        """Whom the fact is about; it decides the stream, and so the order."""
        raise NotImplementedError(f"{self.type} names no subject")

    def to_json(self) -> str:
        return self.model_dump_json()

    @classmethod
    def from_json(cls, payload: str | bytes) -> Self:
        return cls.model_validate_json(payload)


class ClientEvent(Event):
    """A fact about one client. The id is the programme's pseudonym, never a name or a contact."""

    client_id: UUID

    @property
    def subject(self) -> UUID:
        return self.client_id
