"""Gathers what the services hold of somebody (C7, C10). The answers stay sealed until they are read, and with the key goes all of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import sqlalchemy as sa
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.privacy import Part, PartCollected, Scope
from common.db import after_commit
from common.problems import Problem
from common.waking import Waking
from consent.collections import tables
from consent.collections.sealing import new_pair, opened, opened_pair
from consent.documents.sealing import DocumentKey, Sealed

asking = Waking()
completed = Waking()
"""Woken whenever a collection has become complete."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How far one service has come. `digest`: SHA-256 of its part, in hex."""

    service: str
    state: Literal["asked", "collected"]
    asks: int
    asked_at: datetime | None
    collected_at: datetime | None
    as_of: datetime | None
    digest: str | None


async def begin_collection(tx: AsyncConnection, key: DocumentKey, client_id: UUID, scope: Scope | None, now: datetime) -> UUID:
    """Of everything, or of what is in the scope. The services are asked after the commit, until they have answered."""
    collection_id = uuid4()
    limited = scope.model_dump(mode="json") if scope else None
    await tables.insert(tx, collection_id, client_id, limited, new_pair(key, collection_id.bytes), now)
    after_commit(asking.wake)
    return collection_id


async def status_of(tx: AsyncConnection, collection_id: UUID) -> list[PartStatus]:
    """By service."""
    return [
        PartStatus(
            row.service,
            "collected" if row.collected_at else "asked",
            row.asks,
            row.asked_at,
            row.collected_at,
            row.as_of,
            row.digest,
        )
        for row in await tables.parts_of(tx, collection_id)
    ]


async def is_complete(tx: AsyncConnection, collection_id: UUID) -> bool:
    """Stays so when it is erased."""
    found = await tables.find(tx, collection_id)
    return found is not None and found.completed_at is not None


async def read_parts(tx: AsyncConnection, key: DocumentKey, collection_id: UUID) -> list[Part]:
    """In the clear, by service. Raises Problem (`wrong_state`) while it is incomplete, and once it is erased."""
    found = await tables.find(tx, collection_id)
    if found is None or found.completed_at is None or found.erased_at is not None:
        raise Problem("wrong_state", "What the services hold is not collected, or is erased.", rule="C10")
    pair = _pair_of(key, found)
    return [
        Part.model_validate_json(_joined(pair, await tables.pieces_of(tx, collection_id, row.service, row.digest)))
        for row in await tables.parts_of(tx, collection_id)
    ]


async def erase_collection(tx: AsyncConnection, collection_id: UUID, now: datetime) -> None:
    """Its key and what is sealed for it: what of it is still on a topic, or in a backup, opens for nobody. Idempotent."""
    await tables.erase(tx, collection_id, now)


async def take_piece(tx: AsyncConnection, key: DocumentKey, answer: PartCollected, now: datetime) -> bool:
    """Whether it was news: an answer may come twice, late, or for what was never asked."""
    found = await tables.find(tx, answer.collection_id, lock=True)
    if found is None or found.erased_at is not None or not await _asked(tx, answer):
        return False
    await tables.keep_piece(tx, answer.collection_id, answer.service, answer.digest, answer.piece, answer.sealed)
    pieces = await tables.pieces_of(tx, answer.collection_id, answer.service, answer.digest)
    if len(pieces) < answer.pieces:
        return True
    if not _is_whole(_pair_of(key, found), pieces, answer):
        await tables.drop_pieces(tx, answer.collection_id, answer.service, digest=answer.digest)
        return False
    await _took(tx, answer, now)
    return True


async def _asked(tx: AsyncConnection, answer: PartCollected) -> bool:
    parts = await tables.parts_of(tx, answer.collection_id)
    return any(row.service == answer.service and row.collected_at is None for row in parts)


async def _took(tx: AsyncConnection, answer: PartCollected, now: datetime) -> None:
    """Asked twice, a service may have answered twice: the first whole answer counts."""
    await tables.drop_pieces(tx, answer.collection_id, answer.service, but=answer.digest)
    await tables.collected(tx, answer.collection_id, answer.service, answer.digest, (answer.as_of, now))
    if await tables.complete(tx, answer.collection_id, now):
        after_commit(completed.wake)


def _is_whole(pair: ECKey, pieces: Sequence[str], answer: PartCollected) -> bool:
    try:
        joined = _joined(pair, pieces)
    except (JoseError, ValueError):
        return False
    return hashlib.sha256(joined).hexdigest() == answer.digest


def _pair_of(key: DocumentKey, found: sa.Row[Any]) -> ECKey:
    return opened_pair(key, Sealed(found.wrapping_key, found.private_key, ""), found.collection_id.bytes)


def _joined(pair: ECKey, pieces: Sequence[str]) -> bytes:
    return b"".join(opened(pair, sealed) for sealed in pieces)
