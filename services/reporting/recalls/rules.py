"""How far a recall has come, what a recipient states about it, and until when. Pure.

A state follows from what is on record: requested, sent, acknowledged, attested. It never goes back. A recipient may acknowledge or
attest before the notice is on its topic, for it sees the recall in its list; whoever attests has acknowledged.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import AttestingRole, DeletionMethod
from common.problems import Problem


class State(StrEnum):
    REQUESTED = "requested"
    """The opt-out has asked for it; it is on its way."""
    SENT = "sent"
    """On the recipient's topic, and on its way to its webhook."""
    ACKNOWLEDGED = "acknowledged"
    """The recipient has it, and uses nothing of it any more."""
    ATTESTED = "attested"
    """The recipient has stated that everything is deleted, how, and who says so."""


UNANSWERED = (State.REQUESTED, State.SENT)


class Overdue(StrEnum):
    """What the recipient owes. From the moment that the recall was sent it has `acknowledge_hours` for one, `attest_days` for the other."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ATTESTATION = "attestation"


class Attestation(BaseModel):
    """The recipient's statement. A title stands for whoever makes it: names are not kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: DeletionMethod
    completed_on: date
    attested_by: AttestingRole


def check_attestation(attestation: Attestation, now: datetime) -> None:
    """Raises Problem for what is still to come. Where the recipient is, it may be tomorrow already."""
    if attestation.completed_on > now.date() + timedelta(days=1):
        raise Problem("invalid_request", "Attest what is deleted, not what will be.", field="completed_on", rule="R5")
