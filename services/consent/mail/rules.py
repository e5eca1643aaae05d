"""What becomes of a mail (C4). Pure.

In doubt nothing is shared: whatever is not plainly an opt-out from an address that is known and authenticated is read by the privacy
officer before a deadline, and sharing waits meanwhile.
"""

from dataclasses import dataclass
from enum import StrEnum

from common.contracts.vocabulary import SuspensionReason
from consent.mail.reading import Automatic, Mail
from consent.mail.wording import Wish, wish_of


class State(StrEnum):
    RECEIVED = "received"
    """Stored, and the sender's server was told so; not looked at yet."""
    ACTED = "acted"
    """It was an opt-out, and was recorded."""
    QUEUED = "queued"
    """Waits for the privacy officer."""
    FILED = "filed"
    """A bounce or an automatic answer. There is nobody to answer."""
    RESOLVED = "resolved"
    """The privacy officer has decided what it was."""


class Resolution(StrEnum):
    OPT_OUT = "opt_out"
    NOT_AN_OPT_OUT = "not_an_opt_out"


class Answer(StrEnum):
    """What a mail is answered with."""

    OPTED_OUT = "opted_out"
    BEING_READ = "being_read"
    """The same for known and unknown senders: it tells nobody who is a client."""
    FOUND_NO_OPT_OUT = "found_no_opt_out"


@dataclass(frozen=True, slots=True)
class Plan:
    """`reason` is why sharing is suspended, where it is."""

    state: State
    answer: Answer | None
    reason: SuspensionReason | None = None


def plan(mail: Mail, clients: int) -> Plan:
    """For a mail whose sender's address belongs to so many clients."""
    if mail.automatic in (Automatic.BOUNCE, Automatic.AUTO_REPLY):
        return Plan(State.FILED, None)
    # RFC 3834, 2: bulk mail is not answered. A client's is looked at all the same.
    answer = None if mail.automatic or not mail.sender else Answer.BEING_READ
    if wish_of(mail) is not Wish.OPT_OUT:
        return Plan(State.QUEUED, answer, SuspensionReason.UNCLEAR_MAIL)
    if not mail.authenticated:
        return Plan(State.QUEUED, answer, SuspensionReason.UNAUTHENTICATED_MAIL)
    if clients != 1:
        return Plan(State.QUEUED, answer, SuspensionReason.SHARED_ADDRESS)
    return Plan(State.ACTED, Answer.OPTED_OUT)
