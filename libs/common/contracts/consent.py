"""Facts that the consent service publishes. The ledger is the content of its journal."""

from typing import ClassVar

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Category, Channel, Programme, Purpose, Recipient


class Decided(ClientEvent):
    """What all decisions say: whose, for which programme, recipient and purpose, and how it was made.

    The decision's id is the event's id. Decisions are ordered by their place in the stream, never by a clock.
    """

    programme: Programme
    recipient: Recipient
    purpose: Purpose
    channel: Channel


class OptedIn(Decided):
    """C1, C11: sharing is allowed from here on, for these categories, on the notice that was shown."""

    type: ClassVar[str] = "consent.opted_in.v1"
    categories: tuple[Category, ...]
    notice_version: str
    notice_language: str
    notice_digest: str


class Declined(Decided):
    """C2: asked, and said no. Bound to the notice that was shown, as an opt-in is."""

    type: ClassVar[str] = "consent.declined.v1"
    notice_version: str
    notice_language: str
    notice_digest: str


class OptedOut(Decided):
    """C4: sharing ends here, whatever came before."""

    type: ClassVar[str] = "consent.opted_out.v1"
