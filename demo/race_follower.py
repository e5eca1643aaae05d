"""Who takes everything once, and from then on only what has changed since: at the end its copy must be what a whole export holds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from demo.partner import token_of
from demo.race_recipient import Place, Recipient

PATIENT = "Patient/"


@dataclass(frozen=True, slots=True)
class Held:
    """A resource in a copy."""

    token: str
    digest: str


@dataclass
class Follower:
    """A run counts as a whole or not at all: one that was cut is followed by one since the same moment."""

    recipient: Recipient
    copy: dict[str, Held] = field(default_factory=dict)
    runs: int = 0
    _since: str | None = None

    async def follow(self) -> bool:
        """One run; whether it came to its end. Every other one is organised by patient."""
        export = await self.recipient.export(since=self._since, by_patient=self.runs % 2 == 0)
        files = await self.recipient.download(export) if export else None
        if export is None or files is None:
            return False
        # Read after the files: who opted out while they came is among the deleted, or ended after this export's moment.
        deleted = await self.recipient.deleted(export)
        if deleted is None:
            return False
        self.copy |= held(files)
        self._drop(set(deleted))
        self._since, self.runs = export.transaction_time, self.runs + 1
        return True

    def _drop(self, deleted: set[str]) -> None:
        """A person's deletion ends everything that is held under the token."""
        people = {reference.removeprefix(PATIENT) for reference in deleted if reference.startswith(PATIENT)}
        self.copy = {ref: kept for ref, kept in self.copy.items() if ref not in deleted and kept.token not in people}


def held(files: Mapping[Place, bytes]) -> dict[str, Held]:
    """By reference. The header before each patient's block is no resource of anybody's."""
    return {f"{found['resourceType']}/{found['id']}": Held(token_of(found), _digest(found)) for found in _resources(files.values())}


def digests(copy: Mapping[str, Held]) -> dict[str, str]:
    return {reference: kept.digest for reference, kept in copy.items()}


def _resources(files: Iterable[bytes]) -> Iterable[dict[str, str]]:
    for body in files:
        for line in body.splitlines():
            if (found := json.loads(line))["resourceType"] != "Parameters":
                yield found


def _digest(resource: Mapping[str, object]) -> str:
    return sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]
