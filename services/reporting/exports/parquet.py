"""A part as Parquet, made as it is read: one row group a page, so that a page leaves as a whole under its own hold.

The footer leaves after the last hold. It names columns and sizes and holds nothing of anybody: no statistics, no page index, no filters.
"""

import asyncio
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reporting.disclosures.tables import ExportPage, Row
from reporting.exports.rules import OutputFormat
from reporting.release_gate.encoding import Encoding
from reporting.release_gate.gate import Hold

COLUMNS = ("id", "resourceType", "patient", "programme", "category", "lastUpdated", "resource")
FEW_VALUES = ["resourceType", "patient", "programme", "category"]


async def parquet() -> Encoding:
    """Loaded where it is asked for: pyarrow is heavy, and nothing is held yet."""
    file = await asyncio.to_thread(ParquetFile)

    async def encode(_: Hold, page: ExportPage) -> bytes:
        return await asyncio.to_thread(file.row_group, page.rows or ())

    return Encoding(OutputFormat.PARQUET, by_row=True, encode=encode, end=file.footer)


class ParquetFile:
    """One file that is being written; what was written is taken out at once and not kept."""

    def __init__(self) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        kinds: dict[str, Any] = {"lastUpdated": pa.timestamp("us", tz="UTC")}
        self._schema = pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in COLUMNS])
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(
            self._sink,
            self._schema,
            compression="zstd",
            use_dictionary=FEW_VALUES,
            write_statistics=False,
            write_page_index=False,
            store_schema=False,
        )

    def row_group(self, rows: Sequence[Row]) -> bytes:
        """With what stands before the first one."""
        import pyarrow as pa

        if rows:
            cells = [_cells(row) for row in rows]
            columns = [pa.array(values, field.type) for values, field in zip(zip(*cells, strict=True), self._schema, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema), row_group_size=len(rows))
        return self._sink.taken()

    def footer(self) -> bytes:
        self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """What Parquet writes to: bytes that wait to be taken. It asks where it is and never goes back."""

    def __init__(self) -> None:
        self._waiting, self._at = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _cells(row: Row) -> tuple[object, ...]:
    """In the order of COLUMNS."""
    kind, _, number = (row.resource or "").partition("/")
    updated = json.loads(row.line).get("meta", {}).get("lastUpdated")
    at = datetime.fromisoformat(updated) if updated else None
    return number or None, kind or None, str(row.token), row.programme, row.category, at, row.line
