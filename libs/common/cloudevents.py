"""An entry of a journal as a Kafka record and back: CloudEvents 1.0, binary mode.

Own codec: the SDK (2.2.0) writes `b""` where a tombstone needs null, and adds attributes on reading.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

Headers = Sequence[tuple[str, bytes]]


class Malformed(ValueError):
    """A record that is no entry of a journal. The journal stays the truth: refetch from its owner."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal. `digest` chains it to the line before it in its stream."""

    source: str
    stream: int
    position: int
    event_id: UUID
    type: str
    subject: UUID
    payload: str
    digest: bytes
    traceparent: str | None = None


def digest_of(previous: bytes, entry: Entry) -> bytes:
    """The same bytes as `journal.DIGEST` computes in SQL."""
    fields = (entry.stream, entry.position, entry.event_id, entry.type, entry.subject, entry.payload)
    return hashlib.sha256(previous + "\n".join(map(str, fields)).encode()).digest()


def to_headers(entry: Entry) -> list[tuple[str, bytes]]:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(entry.event_id),
        "ce_source": f"/care-connect/{entry.source}",
        "ce_type": entry.type,
        "ce_subject": str(entry.subject),
        "ce_partitionkey": str(entry.subject),
        "ce_sequence": str(entry.position),
        "ce_digest": entry.digest.hex(),
        "content-type": "application/json",
    }
    if entry.traceparent:
        headers["traceparent"] = entry.traceparent
    return [(name, value.encode()) for name, value in headers.items()]


def from_record(source: str, stream: int, headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Entry:
    """Raises `Malformed`. A record says where it belongs; whether it is genuine the digest chain tells."""
    try:
        named = {name: content.decode() for name, content in headers}
        if named["ce_source"] != f"/care-connect/{source}" or value is None:
            raise Malformed("not from this journal")
        return Entry(
            source=source,
            stream=stream,
            position=int(named["ce_sequence"]),
            event_id=UUID(named["ce_id"]),
            type=named["ce_type"],
            subject=UUID(named["ce_subject"]),
            payload=value.decode(),
            digest=bytes.fromhex(named["ce_digest"]),
            traceparent=named.get("traceparent"),
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise Malformed(type(error).__name__) from error
