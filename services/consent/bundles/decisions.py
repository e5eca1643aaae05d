"""The client's decisions, read from the lines of the ledger. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from common.contracts.consent import Declined, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from consent.bundles.records import Held

KINDS: dict[str, str] = {
    OptedIn.type: "consent_given",
    Declined.type: "consent_refused",
    OptedOut.type: "consent_withdrawn",
    SharingNarrowed.type: "consent_partly_withdrawn",
    SharingSuspended.type: "consent_suspended",
    SharingResumed.type: "consent_resumed",
}
"""As a receipt names them (ISO/IEC TS 27560)."""
OPEN = frozenset({"consent_given", "consent_partly_withdrawn", "consent_resumed"})


@dataclass(frozen=True, slots=True)
class Decision:
    """`said`: the event as it was published. `stands`: nothing was decided about the programme since."""

    decision_id: str
    kind: str
    said: dict[str, Any]
    stream: object
    position: object
    stands: bool

    @property
    def shares(self) -> bool:
        return self.stands and self.kind in OPEN and not self.said.get("suspended")


def decisions_of(known: Held) -> list[Decision]:
    """In the ledger's order: a client's lines stand in one stream."""
    lines = [row for row in known.rows("consent", "journal") if str(row.get("type")) in KINDS]
    read = [(row, said) for row in sorted(lines, key=_position) if (said := _said(row.get("payload"))) is not None]
    last = {said.get("programme"): number for number, (_, said) in enumerate(read)}
    return [
        Decision(
            decision_id=str(row.get("event_id")),
            kind=KINDS[str(row["type"])],
            said=said,
            stream=row.get("stream"),
            position=row.get("position"),
            stands=last[said.get("programme")] == number,
        )
        for number, (row, said) in enumerate(read)
    ]


def _position(row: Any) -> int:
    position = row.get("position")
    return position if isinstance(position, int) else 0


def _said(payload: object) -> dict[str, Any] | None:
    """None for a line that cannot be read; the row itself is in the records."""
    try:
        said = json.loads(payload) if isinstance(payload, str) else payload
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("programme"), str | None) and _names(said.get("categories")) else None


def _names(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
