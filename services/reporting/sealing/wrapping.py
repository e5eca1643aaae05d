"""A token's key under its epoch's key: AES-256-GCM, bound to both, so that a row copied onto another does not open."""

from collections.abc import Iterable
from os import urandom
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reporting.sealing.epochs import KEY_BYTES, epoch_key
from reporting.sealing.tables import Wrapped

NONCE_BYTES = 12


def new_key() -> bytes:
    return urandom(KEY_BYTES)


def wrap(kek: bytes, token: UUID, epoch: str, key: bytes) -> Wrapped:
    """nonce || ciphertext || tag."""
    nonce = urandom(NONCE_BYTES)
    return Wrapped(token, epoch, nonce + AESGCM(kek).encrypt(nonce, key, token.bytes + epoch.encode()))


def unwrap(kek: bytes, wrapped: Wrapped) -> bytes | None:
    """None where this was not wrapped under that key for this token."""
    nonce, sealed = wrapped.wrapped[:NONCE_BYTES], wrapped.wrapped[NONCE_BYTES:]
    try:
        return AESGCM(kek).decrypt(nonce, sealed, wrapped.token.bytes + wrapped.epoch.encode())
    except InvalidTag:
        return None


def unwrapped(folder: Path, rows: Iterable[Wrapped]) -> dict[UUID, bytes | None]:
    """None for those whose epoch's key is not there (any more)."""
    keks: dict[str, bytes | None] = {}
    found: dict[UUID, bytes | None] = {}
    for row in rows:
        if row.epoch not in keks:
            keks[row.epoch] = epoch_key(folder, row.epoch)
        kek = keks[row.epoch]
        found[row.token] = None if kek is None else unwrap(kek, row)
    return found
