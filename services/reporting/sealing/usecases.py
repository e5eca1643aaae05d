"""Handing out the keys of sealed values: only while the consent stands, and on record before they leave (C9)."""

from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.problems import Problem
from reporting.release_gate.gate import Hold
from reporting.sealing import tables
from reporting.sealing.keys import Sealer

CACHE_SECONDS = 300
"""Longer than this no recipient may keep a key: so long a copy can be opened after an opt-out without a call to us."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """As a JSON Web Key (RFC 7518, 6.4)."""

    kid: UUID
    k: str
    ends_at: datetime
    kty: str = "oct"


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """A JWK Set. `gone`: nobody gets these keys again, or they were never this recipient's."""

    keys: list[SealingKey]
    gone: list[UUID]


async def hand_out_keys(hold: Hold, sealer: Sealer, tokens: Collection[UUID], recipient_id: UUID, purpose: str) -> SealingKeys:
    """Raises Problem (`key_destroyed`) where there is none of them. Whose tokens they were is not told."""
    until = await tables.hand_out(hold, tokens, recipient_id, purpose, CACHE_SECONDS)
    keys = await sealer.keys_of(hold.tx, until.keys(), make=False)
    gone = [token for token in dict.fromkeys(tokens) if token not in keys]
    if not keys:
        raise destroyed(tokens)
    made = [SealingKey(token, _base64url(key), until[token]) for token, key in keys.items()]
    return SealingKeys(made, gone)


def destroyed(tokens: Collection[UUID]) -> Problem:
    gone = [str(token) for token in dict.fromkeys(tokens)]
    detail = "These keys are no more: the consent ended, or they were never for you."
    return Problem("key_destroyed", detail, rule="R5", headers={"cache-control": "no-store"}, gone=gone)


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
