"""Asking for an individual export, how far it is, its manifest, and calling it off."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.db import Database
from reporting.exports.rules import Export, Part


@dataclass(frozen=True, slots=True)
class Deleted:
    """A person's rows were taken out, or the consent ended since: drop these resources, and all else held under the token."""

    token: UUID
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Of an export under way or done. `deleted`: how many persons there are to be dropped."""

    export: Export
    built: int
    parts: Sequence[Part]
    deleted: int


async def kick_off(db: Database, export: Export) -> None:
    raise NotImplementedError


async def progress(db: Database, recipient_id: UUID, export_id: UUID) -> Progress:
    """Raises Problem (`unknown_export`): of another recipient's it is not even said that it exists."""
    raise NotImplementedError
