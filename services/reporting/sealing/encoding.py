"""A page of an export, sealed line by line. Under the page's hold: the keys are read for this page, and forgotten with it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from common.db import Connection
from reporting.disclosures.tables import ExportPage, Row
from reporting.exports.rules import OutputFormat
from reporting.release_gate.encoding import Encoding
from reporting.release_gate.gate import Hold
from reporting.sealing.keys import Sealer
from reporting.sealing.values import Seal


def sealed_lines(sealer: Sealer) -> Encoding:
    """NDJSON of Binaries. The header of a patient's block stays as it is: it holds the token, which each Binary holds as well."""

    async def encode(hold: Hold, page: ExportPage) -> bytes:
        rows = page.rows or ()
        seals = await seals_of(sealer, hold.tx, {row.token for row in rows}, hold.stream)
        return await asyncio.to_thread(_lines, rows, seals)

    return Encoding(OutputFormat.NDJSON, by_row=True, encode=encode)


async def seals_of(sealer: Sealer, tx: Connection, tokens: Collection[UUID], stream: int) -> dict[UUID, Seal]:
    """Without those whose consent is over. Raises Problem as `keys_of` does."""
    return {token: Seal(key, token, stream) for token, key in (await sealer.keys_of(tx, tokens, make=True)).items()}


def _lines(rows: Sequence[Row], seals: Mapping[UUID, Seal]) -> bytes:
    """Raises KeyError where there is no key: nothing leaves in the clear instead."""
    lines = (row.line if row.resource is None else seals[row.token].binary(row.line.encode()) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()
