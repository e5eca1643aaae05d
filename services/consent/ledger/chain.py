"""One stream's lines in their order: does each follow from the one before, and are they what others say of them? Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from common.cloudevents import Entry, digest_of
from consent.ledger.rules import FIRST_DIGEST, MOST_FINDINGS, Claim, Claims, Finding, Head, Report, What

MOST_SHIFTED, MOST_COMPARED = 8, 24


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that does not follow from the digest before it."""

    line: Entry
    before: bytes


class Chain:
    """Takes the lines one by one; holds the broken ones only."""

    def __init__(self, stream: int, claims: Claims, report: Report) -> None:
        self.stream, self._claims, self._report = stream, claims, report
        self.position, self.digest = 0, FIRST_DIGEST
        self._computed: bytes | None = None  # of the line before, where it is not the one that it holds
        self._shift = 0
        self._broken: list[Broken] = []
        self._agreed, self._last_break, self._differs = 0, 0, False

    def add(self, line: Entry) -> None:
        if line.position <= self.position:  # never in a database: it is the key
            self._find(What.REORDERED, line.position, f"comes after position {self.position}")
            return
        if line.position > self.position + 1:
            self._find(What.MISSING, self.position + 1, f"positions {self.position + 1} to {line.position - 1} are not there")
            self._computed, self._last_break = None, line.position
        else:
            self._link(line)
        self.position, self.digest = line.position, line.digest
        for claim in self._claims.pop(line.position, ()):
            self._compare(line, claim)

    def finish(self, head: Head | None) -> None:
        self._classify()
        beyond = {position: claims for position, claims in sorted(self._claims.items()) if position > self.position}
        self._truncated(claim for claims in beyond.values() for claim in claims)
        for position in sorted(self._claims.keys() - beyond.keys()):
            for claim in self._claims[position]:
                if claim.what is not What.REWRITTEN:  # a checkpoint adds nothing to the gap that was found
                    self._find(What.MISSING, position, f"{claim.by} says what stands here")
        self._head(head, bool(beyond))

    def _find(self, what: What, position: int, detail: str, checkpoint: int | None = None) -> None:
        self._report(Finding(what, detail, self.stream, position, checkpoint))

    def _link(self, line: Entry) -> None:
        computed, broken_before = digest_of(self.digest, line), self._computed
        self._computed = None
        if self._shift == 0 and computed == line.digest:
            return
        if broken_before is not None and digest_of(broken_before, line) == line.digest:
            return  # the line before is right but for its digest
        if self._follows_elsewhere(line):
            return
        self._computed, self._last_break = computed, line.position
        if len(self._broken) < MOST_FINDINGS:
            self._broken.append(Broken(line, self.digest))

    def _follows_elsewhere(self, line: Entry) -> bool:
        """Whether this line and the one before were neighbours at other positions: lines were put in or taken out before them."""
        for shift in sorted(range(self._shift - MOST_SHIFTED, self._shift + MOST_SHIFTED + 1), key=lambda n: abs(n - self._shift)):
            if line.digest == digest_of(self.digest, replace(line, position=line.position - shift)):
                if shift != self._shift:
                    self._shifted(shift, line.position)
                return True
        return False

    def _shifted(self, shift: int, here: int) -> None:
        run: list[Broken] = []
        while self._broken and self._broken[-1].line.position == here - 1 - len(run):
            run.append(self._broken.pop())
        more = shift - self._shift
        first = run[-1].line.position if run else here
        if more > 0:
            # An added line may follow in itself: then the first that does not is the one it was put before.
            self._find(What.ADDED, first if len(run) > more else here - 1 - more, f"{more} put in; the lines from {here} on were moved up")
        else:
            self._find(What.MISSING, first, f"{-more} taken out; the lines from here on were moved down")
        self._shift, self._last_break = shift, here

    def _classify(self) -> None:
        """A line that has its place elsewhere was moved. One that has it here only stands behind a line that has not."""
        comparable = self._broken if 1 < len(self._broken) <= MOST_COMPARED else []
        for broken in self._broken:
            place = _place_of(broken.line, comparable)
            if place is None:
                self._find(What.CHANGED, broken.line.position, "does not follow from the line before it: this one or that one was changed")
            elif place != broken.line.position:
                self._find(What.REORDERED, broken.line.position, f"belongs to position {place}")

    def _compare(self, line: Entry, claim: Claim) -> None:
        same = line.digest == claim.digest and claim.event_id in (None, line.event_id)
        if claim.what is not What.REWRITTEN:
            if not same:
                self._find(claim.what, line.position, f"{claim.by} says otherwise; agreed last at {self._agreed}")
        elif same:
            self._agreed, self._differs = line.position, False
        elif not self._differs:
            self._differs = True
            if self._last_break <= self._agreed:  # else the place is known better
                detail = f"positions {self._agreed + 1} to {line.position} do not lead to what {claim.by} states"
                self._find(What.REWRITTEN, self._agreed + 1, detail, claim.checkpoint)

    def _truncated(self, beyond: Iterable[Claim]) -> None:
        """Once for all checkpoints, and for everybody else who knows more."""
        by_checkpoint = False
        for claim in beyond:
            if claim.checkpoint is None or not by_checkpoint:
                by_checkpoint |= claim.checkpoint is not None
                self._find(What.TRUNCATED, self.position + 1, f"{claim.by} says more", claim.checkpoint)

    def _head(self, head: Head | None, truncated: bool) -> None:
        last = f"the last line is {self.position}"
        if head is None:
            self._find(What.HEAD, self.position, "the stream has no head row")
        elif head.position == self.position:
            if head.digest not in (self.digest, self._computed):
                self._find(What.HEAD, self.position, "the head row holds another digest than the last line")
        elif head.digest == self.digest:
            self._find(What.HEAD, self.position, f"the head row says {head.position}, {last}")
        elif head.position < self.position:
            self._find(What.ADDED, head.position + 1, f"the head row says {head.position}, {last}")
        elif not truncated:
            self._find(What.TRUNCATED, self.position + 1, f"the head row says {head.position}, {last}")


def _place_of(line: Entry, broken: list[Broken]) -> int | None:
    """Where among the broken places the line's digest is right."""
    digests = {digest for each in broken for digest in (each.before, each.line.digest)}
    places = [line.position, *(each.line.position for each in broken)]
    for place in places:
        moved = replace(line, position=place)
        if any(digest_of(digest, moved) == line.digest for digest in digests if digest != line.digest):
            return place
    return None
