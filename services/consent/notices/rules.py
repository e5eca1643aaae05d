"""Which notice a decision may be bound to (C11). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from common.problems import Problem


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of the text in one language. A withdrawn one was shown once and can no longer be decided on."""

    version: str
    language: str
    text: str
    withdrawn: bool = False

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def current(notices: Iterable[Notice]) -> list[Notice]:
    return [notice for notice in notices if not notice.withdrawn]


def decided_on(notices: Iterable[Notice], version: str, language: str) -> Notice:
    """The notice that was shown. Raises Problem where it cannot be decided on (any more)."""
    for notice in current(notices):
        if (notice.version, notice.language) == (version, language):
            return notice
    raise Problem(
        "notice_not_current", "That notice cannot be decided on. Show the current one and ask again.", field="notice_version", rule="C11"
    )
