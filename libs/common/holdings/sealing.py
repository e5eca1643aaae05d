"""A part in pieces, each sealed for the collection that asked (RFC 7516: ECDH-ES+A256KW, A256GCM)."""

import hashlib
from collections.abc import Iterator

from joserfc import jwe
from joserfc.jwk import ECKey

from common.contracts.privacy import Part, PartCollected, PartRequested

PIECE = 256 * 1024
"""Bytes, before they are sealed; a message may have a megabyte."""
HEADER = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}


def sealed_pieces(asked: PartRequested, part: Part) -> Iterator[PartCollected]:
    key, plain = ECKey.import_key(asked.reply_key), part.model_dump_json().encode()
    pieces, digest = -(-len(plain) // PIECE), hashlib.sha256(plain).hexdigest()
    for number in range(pieces):
        yield PartCollected(
            collection_id=asked.collection_id,
            service=part.service,
            as_of=part.as_of,
            digest=digest,
            piece=number,
            pieces=pieces,
            sealed=jwe.encrypt_compact(HEADER, plain[number * PIECE : (number + 1) * PIECE], key),
        )
