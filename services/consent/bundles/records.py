"""Every row of every part, as JSON: what FHIR cannot carry stands here, and what it can as well. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from common.contracts.privacy import Part

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """The parts with their values as JSON has them."""

    tables: Mapping[str, Mapping[str, Sequence[Row]]]
    """By service and table."""
    as_of: Mapping[str, datetime]

    def rows(self, service: str, table: str) -> Sequence[Row]:
        return self.tables.get(service, {}).get(table, ())

    def __iter__(self) -> Iterator[tuple[str, str, Sequence[Row]]]:
        """Service, table, rows: in one order, whatever the order of the parts."""
        for service in sorted(self.tables):
            for table in sorted(self.tables[service]):
                yield service, table, self.tables[service][table]


def held(parts: Sequence[Part]) -> Held:
    """Of one service there is one part."""
    return Held({part.service: plain(part.tables) for part in parts}, {part.service: part.as_of for part in parts})


def plain(value: Any) -> Any:
    """As JSON has it. Bytes in hex; what JSON has no word for as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case UUID():
            return str(value)
        case _:
            return str(value)


def record_files(known: Held, disclosures: Sequence[Row]) -> dict[str, bytes]:
    """A file for each service, and one with everything that left."""
    files = {
        f"records/{service}.json": as_json({"service": service, "as_of": plain(known.as_of[service]), "tables": tables})
        for service, tables in known.tables.items()
    }
    return files | {"records/disclosures.json": as_json({"disclosures": disclosures})}


def as_json(value: Any) -> bytes:
    """The same for the same value. What UTF-8 cannot hold stands as an escape."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    return (text + "\n").encode("utf-8", "backslashreplace")
