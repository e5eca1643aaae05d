"""Encryption of what is kept of somebody: each thing under a key of its own, which is wrapped under the service's and goes with it."""

import hashlib
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
"""Bytes (NIST SP 800-38D, 8.2)."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """`key` is wrapped; without it `content` is noise. `digest`: SHA-256 of what it was before, in hex."""

    key: bytes
    content: bytes
    digest: str


class DocumentKey:
    """The service's own key, which stands in no database."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"care-connect consent: documents").derive(secret.encode())
        self._key = AESGCM(derived)

    def seal(self, plain: bytes, about: bytes) -> Sealed:
        """`about` is bound to it: the content of one thing does not open as another's."""
        own = os.urandom(32)
        return Sealed(_sealed(self._key, own, about), _sealed(AESGCM(own), plain, about), hashlib.sha256(plain).hexdigest())

    def open(self, sealed: Sealed, about: bytes) -> bytes:
        """Raises cryptography.exceptions.InvalidTag for what was changed, or is another thing's."""
        return _opened(AESGCM(_opened(self._key, sealed.key, about)), sealed.content, about)


def _sealed(key: AESGCM, plain: bytes, about: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + key.encrypt(nonce, plain, about)


def _opened(key: AESGCM, sealed: bytes, about: bytes) -> bytes:
    return key.decrypt(sealed[:NONCE], sealed[NONCE:], about)
