"""Who is told what, and whether a mail that was not accepted goes again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

RecipientKind = Literal["client", "provider", "team"]
Language = Literal["en", "es"]

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


class MailState(StrEnum):
    """`none`: no address was given, so the inbox is all there is."""

    PENDING = "pending"
    SENT = "sent"
    NONE = "none"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    """It was of no use any more before the relay had taken it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    kind: RecipientKind
    id: UUID


MATCHING_TEAM = Recipient("team", UUID(int=0))
"""Client Matching (S10): one inbox for all who work there."""
CLINICAL_TEAM = Recipient("team", UUID(int=1))
"""Whom safety flags go to that no provider acknowledges: the assessments service names it so."""
TeamName = Literal["matching", "clinical"]
TEAMS: Mapping[TeamName, Recipient] = {"matching": MATCHING_TEAM, "clinical": CLINICAL_TEAM}


class Contact(BaseModel):
    """Where somebody gets mails, and the language that they are told things in. Addresses stand in no event and no log."""

    model_config = ConfigDict(frozen=True)

    email: str
    language: Language
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of news for one recipient.

    `reason` is what they are told at most once: `request_submitted:<uuid>`. `template` names a text in `texts/*.json`; `about` is what it
    is about, `starts_at` the moment that it shows. `calendar` is an invitation (RFC 5545) that goes with the mail. `link` is where it
    leads; None: to the recipient's own page. No mail goes after `not_after`.
    """

    to: Recipient
    template: str
    reason: str
    about: UUID | None = None
    starts_at: datetime | None = None
    calendar: bytes | None = None
    link: str | None = None
    not_after: datetime | None = None


def pause_after(attempts: int) -> timedelta:
    """Before the next attempt at a mail of which so many were not accepted."""
    return LONGEST_PAUSE if attempts > 7 else min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempts)
