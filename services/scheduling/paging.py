"""A page of a list out of one row more than it holds."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from common.paging import Page, cursor_of

Item = TypeVar("Item", bound=BaseModel)


def page_of(found: Sequence[Item], limit: int, id_of: Callable[[Item], UUID]) -> Page[Item]:
    """`found` was asked for with `limit + 1`: whether there is more shows without counting."""
    items = list(found[:limit])
    return Page(items=items, next=cursor_of(id_of(items[-1])) if len(found) > limit else None)
