"""A sealed value: any library that knows JWE opens it with the key, nothing opens it without, and its length tells little."""

import base64
import json
from uuid import UUID, uuid4

import pytest
from fhir.resources.R4B.binary import Binary
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.errors import DecodeError, JoseError
from joserfc.jwk import OctKey

from reporting.sealing.values import PAD_TO, Seal
from reporting.sealing.wrapping import new_key

TOKEN = UUID("7f000001-0000-4000-8000-00000000000a")
PLAIN = b'{"resourceType":"Observation","id":"x","valueQuantity":{"value":9}}'


def opened(sealed: bytes, key: bytes) -> jwe.CompactEncryption:
    return jwe.decrypt_compact(sealed, OctKey.import_key(key), algorithms=["dir", "A256GCM"])


@given(st.binary(max_size=2000), st.uuids())
def test_joserfc_opens_what_was_sealed(plain: bytes, token: UUID) -> None:
    key = new_key()
    found = opened(Seal(key, token, 3).jwe(plain), key)
    assert found.plaintext is not None
    assert found.plaintext[: len(plain)] == plain
    assert not found.plaintext[len(plain) :].strip(b" ")
    header = {"alg": "dir", "enc": "A256GCM", "kid": str(token), "cty": "fhir+json"}
    assert found.headers() == header


def test_another_key_a_changed_header_and_a_changed_value_open_nothing() -> None:
    key = new_key()
    sealed = Seal(key, TOKEN, 3).jwe(PLAIN)
    header, empty, nonce, text, tag = sealed.split(b".")
    other_header = Seal(key, uuid4(), 3).jwe(PLAIN).split(b".")[0]
    flipped = text[:-2] + (b"AA" if text[-2:] != b"AA" else b"BB")
    for wrong, by in (
        (sealed, new_key()),
        (b".".join((other_header, empty, nonce, text, tag)), key),
        (b".".join((header, empty, nonce, flipped, tag)), key),
    ):
        with pytest.raises((JoseError, DecodeError)):
            opened(wrong, by)


def test_the_same_value_never_looks_the_same() -> None:
    seal = Seal(new_key(), TOKEN, 3)
    nonces = {seal.jwe(PLAIN).split(b".")[2] for _ in range(1000)}
    assert len(nonces) == 1000
    lines = {seal.binary(PLAIN) for _ in range(50)}
    assert len({json.loads(line)["id"] for line in lines}) == 50


def test_lengths_come_in_steps() -> None:
    seal = Seal(new_key(), TOKEN, 3)
    lengths = {len(seal.jwe(b"x" * n)) for n in range(1, 3 * PAD_TO + 1)}
    assert len(lengths) == 3


def test_the_binary_is_fhir_and_says_nothing_but_whose_it_is() -> None:
    key = new_key()
    line = Seal(key, TOKEN, 3).binary(PLAIN)
    assert "\n" not in line
    found = json.loads(line)
    Binary.model_validate(found)
    assert found.keys() == {"resourceType", "id", "meta", "contentType", "securityContext", "data"}
    assert (found["contentType"], found["securityContext"]) == ("application/jose", {"reference": f"Patient/{TOKEN}"})
    [where] = found["meta"]["extension"]
    assert where["valueUri"] == "/v1/sealing-keys/3"
    plaintext = opened(base64.b64decode(found["data"]), key).plaintext
    assert plaintext is not None
    assert json.loads(plaintext) == json.loads(PLAIN)
