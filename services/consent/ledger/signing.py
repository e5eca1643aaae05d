"""The service's signature (ES256, RFC 7515): made with its own key, verified by anybody who has the public keys."""

import json
import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])
SIGNATURE = REGISTRY.get_alg(ALGORITHM)
REGISTRY.max_payload_length = 1 << 20  # a checkpoint names every stream: with joserfc's own limit there could not be a thousand

Verify = Callable[[str, str], dict[str, Any]]
"""From a type and a token to the payload. Raises ValueError for another type or algorithm, an unknown key or a bad signature."""


class Signer:
    """The service's signing key, and the public keys of retired ones."""

    def __init__(self, key: ECKey, *retired: ECKey) -> None:
        self._key, self._kid = key, key.thumbprint()
        self._headers: dict[str, bytes] = {}
        self._public = [_public(each) for each in (key, *retired)]
        self._verify = verifier(self.keys())

    @classmethod
    def from_file(cls, path: Path) -> "Signer":
        """A PEM file with the private key; beside it, where there are some, `<name>.retired.json`: the retired keys (JWKS)."""
        beside = path.with_suffix(".retired.json")
        retired = json.loads(beside.read_text())["keys"] if beside.exists() else []
        return cls(ECKey.import_key(path.read_bytes()), *map(ECKey.import_key, retired))

    def sign(self, typ: str, payload: Mapping[str, Any]) -> str:
        """A compact JWS."""
        header = self._headers.get(typ) or self._headers.setdefault(typ, _segment({"alg": ALGORITHM, "typ": typ, "kid": self._kid}))
        signed = header + b"." + _segment(payload)
        # The library's own way checks its registry each time, which costs as much as the signature: one goes with every decision.
        return (signed + b"." + urlsafe_b64encode(SIGNATURE.sign(signed, self._key)).rstrip(b"=")).decode()

    def verify(self, typ: str, token: str) -> dict[str, Any]:
        """The payload. Raises ValueError for another type or algorithm, an unknown key or a bad signature."""
        return self._verify(typ, token)

    def keys(self) -> dict[str, Any]:
        """The public keys (JWKS), retired ones included."""
        return {"keys": [dict(key) for key in self._public]}


def _segment(value: Mapping[str, Any]) -> bytes:
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=")


def verify_with(keys: Mapping[str, Any], typ: str, token: str) -> dict[str, Any]:
    """The same with nothing but public keys (JWKS): for an auditor."""
    return verifier(keys)(typ, token)


def verifier(keys: Mapping[str, Any]) -> Verify:
    """For many tokens. A key's name is computed, whatever the set says it is. Raises ValueError for what is no key set."""
    try:
        named = {key.thumbprint(): key for key in map(ECKey.import_key, keys["keys"])}
    except (JoseError, KeyError, TypeError) as error:
        raise ValueError("no key set") from error

    def verify(typ: str, token: str) -> dict[str, Any]:
        try:
            return _verified(named, typ, token)
        except (JoseError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no readable token: {type(error).__name__}") from error

    return verify


def _verified(named: Mapping[str, ECKey], typ: str, token: str) -> dict[str, Any]:
    found = jws.extract_compact(token.encode(), registry=REGISTRY)
    header = found.headers()
    if header.get("typ") != typ or header.get("alg") != ALGORITHM:
        raise ValueError(f"no {typ} signed with {ALGORITHM}")
    key = named.get(str(header.get("kid")))
    if key is None:
        raise ValueError("signed with a key that is none of the service's")
    if not jws.validate_compact(found, key, registry=REGISTRY):
        raise ValueError("the signature is not that of the content")
    payload = json.loads(found.payload or b"null")
    if not isinstance(payload, dict):
        raise ValueError("the payload is no object")
    return payload


def make_key(path: Path) -> None:
    """Makes a private key file (0600) unless there is one; of several who do so at once, one makes it.

    Also `python -m consent.ledger.signing FILE`.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(ECKey.generate_key("P-256").as_pem(private=True))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _public(key: ECKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM, "kid": key.thumbprint()}


if __name__ == "__main__":
    make_key(Path(sys.argv[1]))
