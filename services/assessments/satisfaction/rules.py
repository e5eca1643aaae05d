"""A satisfaction form: how likely a client is to recommend the network, and what they like to add (A4). Pure."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class SatisfactionResponse(BaseModel):
    """`score`: 0 to 10, as the net promoter score asks. The comment is kept, and shown to the client only."""

    model_config = ConfigDict(frozen=True)

    response_id: UUID
    client_id: UUID
    score: int
    answered_at: datetime


def answers(score: int, comment: str | None) -> dict[str, str | int | None]:
    """As the instrument names them."""
    return {"recommend": score, "comment": comment}
