"""The key pair of a collection (P-256), and what is sealed for it (RFC 7516: ECDH-ES+A256KW, A256GCM)."""

from dataclasses import dataclass
from typing import Any

from joserfc import jwe
from joserfc.jwk import ECKey

from common.holdings.sealing import HEADER, PIECE
from consent.documents.sealing import DocumentKey, Sealed

REGISTRY = jwe.JWERegistry(algorithms=list(HEADER.values()))
REGISTRY.max_ciphertext_length = 2 * PIECE  # what the library takes otherwise is smaller than a piece


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The public key as a JWK, and the private one sealed."""

    public: dict[str, Any]
    private: Sealed


def new_pair(key: DocumentKey, about: bytes) -> KeyPair:
    pair = ECKey.generate_key("P-256")
    return KeyPair(pair.as_dict(private=False), key.seal(pair.as_pem(private=True), about))


def opened_pair(key: DocumentKey, sealed: Sealed, about: bytes) -> ECKey:
    return ECKey.import_key(key.open(sealed, about))


def opened(pair: ECKey, sealed: str) -> bytes:
    """Raises joserfc.errors.JoseError for what is sealed for another key, or was changed."""
    plain = jwe.decrypt_compact(sealed, pair, registry=REGISTRY).plaintext
    assert plain is not None
    return plain
