"""Which notice a decision may be bound to (C11). Pure."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from common.contracts.vocabulary import Programme
from common.problems import Problem


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of the text of one programme in one language. It never changes; once withdrawn it can no longer be decided on."""

    programme: Programme
    version: str
    language: str
    text: str
    effective_from: datetime
    withdrawn_at: datetime | None = None

    @property
    def digest(self) -> str:
        return digest_of(self.text)

    def effective(self, now: datetime) -> bool:
        return self.effective_from <= now and (self.withdrawn_at is None or now < self.withdrawn_at)


def digest_of(text: str) -> str:
    """Of the text alone, as it was shown: whoever has the text can compute it."""
    return sha256(text.encode()).hexdigest()


def check_decidable(notice: Notice | None, programme: Programme, now: datetime) -> Notice:
    """The notice that was shown. Raises Problem where it is none of ours, another programme's, not yet in effect or withdrawn."""
    if notice is None or notice.programme is not programme or not notice.effective(now):
        raise Problem(
            "notice_not_current", "That notice cannot be decided on. Show the current one and ask again.", field="notice_digest", rule="C11"
        )
    return notice
