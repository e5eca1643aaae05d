"""The ledger as a file: NDJSON, in the order in which it is verified. `kind` says what a line is."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from common.cloudevents import Entry
from consent.ledger.rules import CheckpointHead, CheckpointRow, Head
from consent.ledger.verification import Row

FORMS: dict[str, type] = {"stream": int, "position": int, "number": int, "type": str, "payload": str, "jws": str}
KINDS: dict[type, str] = {Head: "head", CheckpointHead: "checkpoint_head", CheckpointRow: "checkpoint", Entry: "line"}


def keys_line(service: str, keys: dict[str, Any]) -> str:
    return json.dumps({"kind": "keys", "service": service, **keys}) + "\n"


def line_of(row: Row) -> str:
    named = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return json.dumps({"kind": KINDS[type(row)]} | {name: _written(value) for name, value in named.items()}, ensure_ascii=False) + "\n"


def _written(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def rows_of(lines: Iterable[str]) -> Iterator[Row]:
    """All but the keys. Raises ValueError with the number of a line that cannot be read."""
    for number, text in enumerate(lines, start=1):
        try:
            row = _row(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number} cannot be read: {error}") from error
        if row is not None:
            yield row


def _row(said: dict[str, Any]) -> Row | None:
    kind = said.pop("kind")
    if wrong := [name for name, form in FORMS.items() if name in said and type(said[name]) is not form]:
        raise ValueError(f"{wrong[0]} has another form")
    for name in said.keys() & {"digest", "previous"}:
        said[name] = bytes.fromhex(said[name])
    match kind:
        case "keys":
            return None
        case "head":
            return Head(**said)
        case "checkpoint_head":
            return CheckpointHead(**said)
        case "checkpoint":
            return CheckpointRow(**said | {"made_at": datetime.fromisoformat(said["made_at"])})
        case "line":
            return Entry(**said | {"event_id": UUID(said["event_id"]), "subject": UUID(said["subject"])})
    raise ValueError(f"unknown kind {kind!r}")
