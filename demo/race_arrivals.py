"""What the plan gets in a race, by whatever way: whose records came when, and which ids stood in them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from demo.history import Client, Received, Release
from demo.recorder import Answer

REFERENCE = re.compile(rb'"Patient/([0-9a-f-]{36})"')
PATIENT, ID = b'"Patient"', re.compile(rb'"id": ?"([0-9a-f-]{36})"')
ANY_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Owners = Mapping[tuple[str, str], Client]
"""Whose each token is, by where it was disclosed: an export's id, or the partner topic."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of a request or from a topic: tokens, each with the time at which its line was there."""

    release: Release
    where: str
    tokens: Sequence[tuple[str, int]]


@dataclass
class Arrivals:
    """Everything so far. Tokens are given their clients when the race is over."""

    all: list[Arrived] = field(default_factory=list)
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Every id that came, by the way it took."""

    def note(self, release: Release, where: str, tokens: Sequence[tuple[str, int]] = ()) -> None:
        self.all.append(Arrived(release, where, tokens))

    def note_ids(self, way: str, content: bytes) -> None:
        self.ids[way].update(found.decode() for found in ANY_ID.findall(content))

    def released(self, owners: Owners) -> tuple[Release, ...]:
        """A token is somebody's only where it was disclosed: what an export held was to be written down as of that export."""
        return tuple(
            replace(a.release, records=tuple(Received(owners.get((a.where, token)), at) for token, at in a.tokens)) for a in self.all
        )


def tokens_of(answer: Answer, path: str) -> Iterator[tuple[str, int]]:
    """Token of each line, and when its last byte was there. Of a line that was cut, as far as it tells whose it is."""
    patients, end = path.endswith("/Patient"), 0
    for line in answer.body.splitlines(keepends=True):
        end += len(line)
        found = ID.search(line) if patients or PATIENT in line else REFERENCE.search(line)
        if found:
            yield found[1].decode(), answer.received_at(end)
