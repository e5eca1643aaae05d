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
    effective_from: datetime
    withdrawn_at: datetime | None
    digest: str

    def effective(self, now: datetime) -> bool:
        return self.effective_from <= now and (self.withdrawn_at is None or now < self.withdrawn_at)


@dataclass(frozen=True, slots=True)
class NoticeText(Notice):
    """With the text, for whoever shows it."""

    text: str


def written(
    programme: Programme, version: str, language: str, text: str, effective_from: datetime, withdrawn_at: datetime | None = None
) -> NoticeText:
    """The digest is of the text alone, as it was shown: whoever has the text can compute it."""
    return NoticeText(programme, version, language, effective_from, withdrawn_at, sha256(text.encode()).hexdigest(), text)


def check_decidable(notice: Notice | None, programme: Programme, now: datetime) -> Notice:
    """The notice that was shown. Raises Problem where it is none of ours, another programme's, not yet in effect or withdrawn."""
    if notice is None or notice.programme is not programme or not notice.effective(now):
        raise Problem(
            "notice_not_current", "That notice cannot be decided on. Show the current one and ask again.", field="notice_digest", rule="C11"
        )
    return notice
