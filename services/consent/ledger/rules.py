"""What the ledger, its checkpoints and what others hold of it say of each other. Pure.

Whoever can write the database can compute digests anew, but signs nothing: a signed checkpoint, a receipt that a client holds and the
position that another service has applied bind the ledger to what it was. Of a line `traceparent` and `recorded_at` are no evidence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

FIRST_DIGEST = bytes(32)
MOST_FINDINGS = 100
CHECKPOINT = "ledger-checkpoint+jwt"


class What(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    """The chain is whole, and not the one that was signed."""
    TRUNCATED = "truncated"
    HEAD = "head"
    WITNESS = "differs_from_witness"
    RECEIPT = "differs_from_receipt"
    RECEIPT_INVALID = "receipt_invalid"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    CHECKPOINT_CHANGED = "checkpoint_changed"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_REORDERED = "checkpoint_reordered"
    CHECKPOINT_HEAD = "checkpoint_head"


@dataclass(frozen=True, slots=True)
class Head:
    """The last position of a stream and its digest: of a head row, of a checkpoint, or of a witness."""

    stream: int
    position: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    number: int
    previous: bytes
    jws: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CheckpointHead:
    """The last checkpoint's number, and the sha256 of its JWS."""

    number: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something is not as it was. `position` is the first that can be concerned."""

    what: What
    detail: str
    stream: int | None = None
    position: int | None = None
    checkpoint: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody else says of one line: `what` is found where the line is another one."""

    what: What
    by: str
    digest: bytes
    checkpoint: int | None = None
    event_id: UUID | None = None


Claims = dict[int, list[Claim]]
"""By position, of one stream."""
Report = Callable[[Finding], None]


@dataclass
class Findings:
    """The first hundred; one defect can be seen at any number of lines."""

    found: list[Finding] = field(default_factory=list)

    def __call__(self, finding: Finding) -> None:
        if len(self.found) < MOST_FINDINGS:
            self.found.append(finding)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what was found."""

    streams: int
    lines: int
    checkpoints: int
    receipts: int
    witnesses: int
    findings: list[Finding]

    @property
    def status(self) -> str:
        return "broken" if self.findings else "intact"
