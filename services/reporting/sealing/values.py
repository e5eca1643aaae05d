"""Sealed values: a compact JWE (RFC 7516) of one resource, and the FHIR Binary that it leaves in.

By hand, for speed: a library takes several times as long for each line. The tests open what is made here with joserfc.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from os import urandom
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
"""Random: with one key at most 2^32 values may be sealed (NIST SP 800-38D, 8.3); nobody has that many records."""
TAG_BYTES = 16
PAD_TO = 256
"""Bytes. Ciphertexts are as long as what is in them; in steps, they tell less of it."""
CONTENT_TYPE = "application/jose"
KEYS_EXTENSION = "urn:care-connect:sealing-keys"
"""In the Binary and not in the JWE's header: libraries refuse parameters that they do not know."""


def keys_path(stream: int) -> str:
    """Where the key is had, below the public address. No host: copies are kept for long, and hosts move."""
    return f"/v1/sealing-keys/{stream}"


class Seal:
    """Seals the values of one recipient token. Lives as long as a page: key schedule and header are made once."""

    def __init__(self, key: bytes, token: UUID, stream: int) -> None:
        header = {"alg": "dir", "enc": "A256GCM", "kid": str(token), "cty": "fhir+json"}
        binary = {
            "contentType": CONTENT_TYPE,
            "meta": {"extension": [{"url": KEYS_EXTENSION, "valueUri": keys_path(stream)}]},
            "securityContext": {"reference": f"Patient/{token}"},
        }
        self._header, self._binary = _base64url(_compact(header)), _compact(binary).decode()[1:-1]
        self._cipher = AESGCM(key)

    def jwe(self, plain: bytes) -> bytes:
        """The key itself (`dir`), a fresh nonce; spaces fill up the JSON text."""
        nonce = urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, padded(plain), self._header)
        return b".".join((self._header, b"", _base64url(nonce), _base64url(sealed[:-TAG_BYTES]), _base64url(sealed[-TAG_BYTES:])))

    def binary(self, plain: bytes) -> str:
        """FHIR R4 Binary, one line. Its id is random: it tells neither what is in it nor whether it was here before."""
        return f'{{"resourceType":"Binary","id":"{urandom(16).hex()}",{self._binary},"data":"{b64encode(self.jwe(plain)).decode()}"}}'


def padded(plain: bytes) -> bytes:
    return plain + b" " * (-len(plain) % PAD_TO)


def _compact(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _base64url(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
