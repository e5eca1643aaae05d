"""Cursor paging: opaque cursors over a stable key, so that a page stays right while rows are added."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from common.problems import Problem

Item = TypeVar("Item", bound=BaseModel)
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[str | None, Query(pattern="^[A-Za-z0-9_-]{22}$", description="`next` of the page before.")]


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next: str | None = None
    """Absent on the last page."""


def page_of(found: Sequence[Item], limit: int, id_of: Callable[[Item], UUID]) -> Page[Item]:
    """`found` was asked for with `limit + 1`: whether there is more shows without counting."""
    items = list(found[:limit])
    return Page(items=items, next=cursor_of(id_of(items[-1])) if len(found) > limit else None)


def cursor_of(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).decode().rstrip("=")


def after(cursor: str | None) -> UUID:
    """The key to go on after; the smallest one for the first page."""
    if cursor is None:
        return UUID(int=0)
    try:
        return UUID(bytes=urlsafe_b64decode(cursor + "=="))
    except ValueError as error:
        raise Problem("invalid_request", "The cursor is not one of ours.", field="cursor") from error
