"""One pass over heads, checkpoints and lines, in this order, from a database or from an export. Pure."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.cloudevents import Entry
from consent.ledger.chain import Chain
from consent.ledger.rules import (
    CheckpointHead,
    CheckpointRow,
    Claim,
    Claims,
    Finding,
    Findings,
    Head,
    Verified,
    What,
)
from consent.ledger.seals import Seals, Stated, Verify, read
from consent.receipts.rules import PROOF_TYPE, RECEIPT_TYPE

Row = Head | CheckpointHead | CheckpointRow | Entry


class Verification:
    """Is told everything once; `witnesses` and `tokens` (receipts, proofs, or checkpoints that somebody kept) before the rest."""

    def __init__(self, service: str, verify: Verify, witnesses: Sequence[Head] = (), tokens: Sequence[str] = ()) -> None:
        self._verify, self._witnesses, self._tokens, self._service = verify, len(witnesses), len(tokens), service
        self._findings = Findings()
        self._seals = Seals(service, verify, self._findings)
        self._checkpoint_head: CheckpointHead | None = None
        self._heads: dict[int, Head] = {}
        self._claims: dict[int, Claims] = {}
        self._stated: dict[int, tuple[int, Head]] = {}
        self._kept: dict[int, str] = {}
        self._chains: dict[int, Chain] = {}
        self._lines = 0
        for witness in witnesses:
            self._claim(witness, Claim(What.WITNESS, "a witness", witness.digest))
        for number, token in enumerate(tokens, start=1):
            self._take(token, f"receipt {number}")

    def take(self, row: Row) -> None:
        match row:
            case Head():
                self._head(row)
            case CheckpointHead():
                self._checkpoint_head = row
            case CheckpointRow():
                self._checkpoint(row)
            case Entry():
                self._line(row)

    def _head(self, head: Head) -> None:
        if head.stream in self._heads:
            self._findings(Finding(What.HEAD, "the stream has two head rows", head.stream, head.position))
        self._heads[head.stream] = head

    def _checkpoint(self, row: CheckpointRow) -> None:
        """Raises ValueError after the first line: that one would not have been held against it."""
        if self._chains:
            raise ValueError("a checkpoint after the first line")
        kept = self._kept.pop(row.number, row.jws)
        if kept != row.jws:
            self._findings(Finding(What.CHECKPOINT_CHANGED, "is another one than somebody has kept", checkpoint=row.number))
        stated = self._seals.add(row)
        if stated and stated.service == self._service:
            self._state(stated)

    def _line(self, line: Entry) -> None:
        chain = self._chains.get(line.stream)
        if chain is None:
            chain = self._chains[line.stream] = Chain(line.stream, self._claims.get(line.stream, {}), self._findings)
        chain.add(line)
        self._lines += 1

    def finish(self) -> Verified:
        self._seals.finish(self._checkpoint_head)
        for number in sorted(self._kept):
            self._findings(Finding(What.CHECKPOINT_MISSING, "somebody has kept it; it is not there", checkpoint=number))
        streams = sorted({*self._heads, *self._claims, *self._chains, *self._stated})
        for stream in streams:
            chain = self._chains.get(stream) or Chain(stream, self._claims.get(stream, {}), self._findings)
            chain.finish(self._heads.get(stream))
        return Verified(len(streams), self._lines, self._seals.count, self._tokens, self._witnesses, self._findings.found)

    def _claim(self, head: Head, claim: Claim) -> None:
        if head.position > 0:
            self._claims.setdefault(head.stream, {}).setdefault(head.position, []).append(claim)

    def _state(self, stated: Stated) -> None:
        for head in stated.heads:
            number, before = self._stated.get(head.stream, (0, Head(head.stream, 0, bytes(32))))
            self._stated[head.stream] = (max(number, stated.number), head)
            if head == before:
                continue
            if number < stated.number and head.position <= before.position:
                what = What.REWRITTEN if head.position == before.position else What.TRUNCATED
                detail = f"checkpoint {number} was made at position {before.position}, and this one after it"
                self._findings(Finding(what, detail, head.stream, head.position + 1, stated.number))
            self._claim(head, Claim(What.REWRITTEN, f"checkpoint {stated.number}", head.digest, stated.number))

    def _take(self, token: str, name: str) -> None:
        try:
            stated = read(self._verify, token)
        except ValueError:
            self._take_receipt(token, name)
            return
        self._kept[stated.number] = token
        for head in stated.heads:
            self._claim(head, Claim(What.REWRITTEN, f"checkpoint {stated.number} as it was kept", head.digest, stated.number))

    def _take_receipt(self, token: str, name: str) -> None:
        try:
            payload = self._receipt(token)
            place = payload["ledger"]
            head = Head(int(place["stream"]), int(place["position"]), bytes.fromhex(place["digest"]))
            event_id = UUID(payload.get("event_id") or payload["record_id"])
            if head.position < 1:
                raise ValueError("no line has this position")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._findings(Finding(What.RECEIPT_INVALID, f"{name}: {error}"))
            return
        self._claim(head, Claim(What.RECEIPT, name, head.digest, event_id=event_id))

    def _receipt(self, token: str) -> dict[str, Any]:
        try:
            return self._verify(RECEIPT_TYPE, token)
        except ValueError:
            return self._verify(PROOF_TYPE, token)
