"""The chain of signed checkpoints: each names its number, the one before it, and every stream's head. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from consent.ledger.rules import CHECKPOINT, FIRST_DIGEST, CheckpointHead, CheckpointRow, Finding, Head, Report, What

Verify = Callable[[str, str], dict[str, Any]]
"""From a type and a token to its payload. Raises ValueError."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a checkpoint says, once its signature is known to be right."""

    number: int
    previous: bytes
    at: datetime
    service: str
    heads: Sequence[Head]


def payload_of(service: str, number: int, previous: bytes, at: datetime, heads: Sequence[Head]) -> dict[str, Any]:
    stated = [{"stream": head.stream, "position": head.position, "digest": head.digest.hex()} for head in heads]
    return {"service": service, "number": number, "previous": previous.hex(), "at": at.isoformat(), "heads": stated}


def read(verify: Verify, token: str) -> Stated:
    """Raises ValueError for what is no checkpoint signed by the service."""
    payload = verify(CHECKPOINT, token)
    try:
        heads = [Head(int(h["stream"]), int(h["position"]), bytes.fromhex(h["digest"])) for h in payload["heads"]]
        at = datetime.fromisoformat(payload["at"])
        return Stated(int(payload["number"]), bytes.fromhex(payload["previous"]), at, str(payload["service"]), heads)
    except (KeyError, TypeError) as error:
        raise ValueError("no checkpoint") from error


def digest_of_checkpoint(jws: str) -> bytes:
    return sha256(jws.encode()).digest()


class Seals:
    """Takes the checkpoints one by one, in their order."""

    def __init__(self, service: str, verify: Verify, report: Report) -> None:
        self._service, self._verify, self._report = service, verify, report
        self.number, self.count, self._digest = 0, 0, FIRST_DIGEST
        self._sound = True

    def add(self, row: CheckpointRow) -> Stated | None:
        """What it states, where the signature is right."""
        self.count += 1
        if row.number > self.number + 1:
            self._find(What.CHECKPOINT_MISSING, self.number + 1, f"checkpoints {self.number + 1} to {row.number - 1} are not there")
            self._sound = False
        elif row.number <= self.number:  # never in a database: it is the key
            self._find(What.CHECKPOINT_REORDERED, row.number, f"comes after checkpoint {self.number}")
        stated = self._stated(row)
        in_place = stated is not None and stated.number == row.number
        if stated and in_place and self._sound and stated.previous != self._digest:
            self._find(What.CHECKPOINT_CHANGED, max(self.number, 1), f"is not the one that checkpoint {row.number} was made after")
        self.number, self._digest, self._sound = row.number, digest_of_checkpoint(row.jws), in_place
        return stated

    def finish(self, head: CheckpointHead | None) -> None:
        if head is None:
            self._find(What.CHECKPOINT_HEAD, self.number, "the checkpoints have no head row")
        elif head.number > self.number and head.digest != self._digest:
            self._find(What.CHECKPOINT_MISSING, self.number + 1, f"the head row says {head.number}, the last is {self.number}")
        elif head.number != self.number:
            self._find(What.CHECKPOINT_HEAD, self.number, f"the head row says {head.number}, the last is {self.number}")
        elif head.digest != self._digest and self._sound:
            self._find(What.CHECKPOINT_HEAD, self.number, "the head row holds another digest than the last checkpoint")

    def _find(self, what: What, number: int, detail: str) -> None:
        self._report(Finding(what, detail, checkpoint=number))

    def _stated(self, row: CheckpointRow) -> Stated | None:
        try:
            stated = read(self._verify, row.jws)
        except ValueError as error:
            self._find(What.CHECKPOINT_SIGNATURE, row.number, str(error))
            return None
        if stated.number != row.number:
            self._find(What.CHECKPOINT_REORDERED, row.number, f"was signed as number {stated.number}")
        elif (stated.service, stated.previous, stated.at) != (self._service, row.previous, row.made_at):
            self._find(What.CHECKPOINT_CHANGED, row.number, "the row is not what was signed")
        return stated
