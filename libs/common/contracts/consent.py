"""Facts that the consent service publishes. The ledger is the content of its journal."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import AskedBy, Category, Channel, IdentityCheck, Programme, Purpose, Recipient, SuspensionReason


class OnBehalf(BaseModel):
    """C4: staff acted for the client: who, for whom, and how sure of that they were."""

    model_config = ConfigDict(frozen=True)

    staff_id: UUID
    asked_by: AskedBy
    identity_check: IdentityCheck


class Decided(ClientEvent):
    """What all decisions say: whose, for which programme, recipient and purpose, and how it was made.

    The decision's id is the event's id. Decisions are ordered by their place in the stream, never by a clock.
    """

    programme: Programme
    recipient: Recipient
    purpose: Purpose
    channel: Channel
    on_behalf: OnBehalf | None = None


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


class SharingNarrowed(Decided):
    """C4, C17: some categories were withdrawn. What was shared is taken back, as by an opt-out; the others go on under a new token."""

    type: ClassVar[str] = "consent.sharing_narrowed.v1"
    categories: tuple[Category, ...]
    withdrawn: tuple[Category, ...]
    suspended: bool = False
    """Sharing was suspended, and stays so: withdrawing revives nothing (invariant 5)."""


class SharingSuspended(Decided):
    """C4: perhaps an opt-out. Nothing is released until the privacy officer has looked; nothing is recalled yet."""

    type: ClassVar[str] = "consent.sharing_suspended.v1"
    reason: SuspensionReason
    mail_id: UUID


class SharingResumed(Decided):
    """The privacy officer found that it was no opt-out: the opt-in that stood before goes on. Later exports include the client again."""

    type: ClassVar[str] = "consent.sharing_resumed.v1"
    categories: tuple[Category, ...]
    suspension_id: UUID
