"""C2: the choice on individual data sharing that a client's first request carries. It is checked, passed on, and forgotten (C3). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.contracts.scheduling import SharingChosen
from common.contracts.vocabulary import Category, Choice, Programme
from common.problems import Problem


@dataclass(frozen=True, slots=True)
class Sharing:
    """The choice as the client made it. `notice_current`: as far as it can be told without consent."""

    choice_id: UUID
    choice: Choice
    categories: Sequence[Category]
    notice_digest: str
    notice_version: str
    notice_language: str
    on_version: int
    notice_current: bool = True


def check_choice(sharing: Sharing | None, *, first: bool) -> None:
    """C2: an explicit choice on the first request, and only there; C11: on the notice that is shown now."""
    if first and sharing is None:
        raise Problem(
            "choice_missing", "The first request says whether individual data may be shared: yes or no.", field="sharing", rule="C2"
        )
    if sharing is None:
        return
    if not first:
        raise Problem("choice_unexpected", "The choice was made. It is changed at the consent service.", field="sharing", rule="C2")
    if sharing.choice is Choice.OPT_IN and not sharing.categories:
        raise Problem("invalid_request", "An opt-in names at least one category.", field="sharing.categories", rule="C17")
    if not sharing.notice_current:
        raise Problem(
            "notice_not_current",
            "That notice cannot be decided on. Show the current one and ask again.",
            field="sharing.notice_digest",
            rule="C11",
        )


def chosen(client_id: UUID, request_id: UUID, programme: Programme, sharing: Sharing, now: datetime) -> SharingChosen:
    return SharingChosen(
        occurred_at=now,
        client_id=client_id,
        choice_id=sharing.choice_id,
        request_id=request_id,
        programme=programme,
        choice=sharing.choice,
        categories=tuple(sharing.categories),
        notice_digest=sharing.notice_digest,
        notice_version=sharing.notice_version,
        notice_language=sharing.notice_language,
        on_version=sharing.on_version,
    )
