"""How far a recall has come. Pure."""

from enum import StrEnum


class State(StrEnum):
    REQUESTED = "requested"
    """The opt-out has asked for it; it is on its way."""
    SENT = "sent"
    """On the recipient's topic, and on its way to its webhook."""
    ACKNOWLEDGED = "acknowledged"
    """The recipient has it, and uses nothing of it any more."""
    ATTESTED = "attested"
    """The recipient has stated that everything is deleted, how, and who says so."""
