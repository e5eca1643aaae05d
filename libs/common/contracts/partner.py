"""What a health plan reads from its partner topics. No client id: a recipient token stands for one person and one consent.

Each recipient has three topics of its own, named after its slug; nobody else can read them.
"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

STATE_TYPE = "partner.individual.v1"
DELETED_TYPE = "partner.individual.deleted.v1"
REDACTED_TYPE = "partner.redacted.v1"
RECALL_TYPE = "partner.recall_requested.v1"
CORRECTED_TYPE = "partner.data_corrected.v1"
AGGREGATE_TYPE = "partner.aggregate.v1"


def individual_topic(slug: str) -> str:
    """Compacted, keyed by recipient token: what is shared now. The value is a FHIR Bundle; a record without a value ends it."""
    return f"partner.{slug}.individual.v1"


def notices_topic(slug: str) -> str:
    """What was taken back: redactions of exports, and recalls; and what was corrected."""
    return f"partner.{slug}.notices.v1"


def aggregates_topic(slug: str) -> str:
    """Reports of the plan as they are released."""
    return f"partner.{slug}.aggregates.v1"


def topics_of(slug: str) -> tuple[str, str, str]:
    return individual_topic(slug), notices_topic(slug), aggregates_topic(slug)


class PartRedacted(BaseModel):
    """Parts of an export that the recipient may hold have changed: read its manifest (`url`) again, and drop what it lists as deleted."""

    model_config = ConfigDict(frozen=True)

    export_id: UUID
    url: str


class RecallRequested(BaseModel):
    """Delete what the recall (`url`) lists, acknowledge it, and state how it was deleted."""

    model_config = ConfigDict(frozen=True)

    recall_id: UUID
    url: str


class DataCorrected(BaseModel):
    """C10: a record that the recipient may hold was corrected, amended or disputed: read (`url`) which, take it anew, and acknowledge."""

    model_config = ConfigDict(frozen=True)

    correction_id: UUID
    url: str
