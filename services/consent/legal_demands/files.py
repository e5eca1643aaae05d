"""The file that is released: what the services hold within the scope, as they gave it, and what it is. Pure."""

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from common.contracts.privacy import Part
from consent.legal_demands.rules import BASES
from consent.legal_demands.states import Demand

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say: the same records make the same bytes."""


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """`digest`: SHA-256, in hex."""

    name: str
    content: bytes
    digest: str
    records: int

    @property
    def repr_digest(self) -> str:
        """RFC 9530."""
        return f"sha-256=:{b64encode(bytes.fromhex(self.digest)).decode()}:"


def release_file(demand: Demand, parts: Sequence[Part]) -> ReleaseFile:
    """One zip file: `manifest.json`, and `records/<service>.json` table by table."""
    files = {f"records/{part.service}.json": _json(part.tables) for part in sorted(parts, key=lambda part: part.service)}
    counts = {part.service: {name: len(rows) for name, rows in part.tables.items() if rows} for part in parts}
    content = zipped({"manifest.json": _json(_manifest(demand, parts, counts, files))} | files)
    records = sum(sum(tables.values()) for tables in counts.values())
    return ReleaseFile(f"legal-release-{demand.demand_id}.zip", content, sha256(content).hexdigest(), records)


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _manifest(
    demand: Demand, parts: Sequence[Part], counts: Mapping[str, Mapping[str, int]], files: Mapping[str, bytes]
) -> dict[str, object]:
    content = demand.content
    return {
        "demand_id": str(demand.demand_id),
        "approved_digest": demand.digest,
        "client_id": str(content.client_id),
        "authority": content.authority_name,
        "reference": content.reference,
        "legal_basis": BASES[content.legal_basis].citation,
        "scope": content.scope.model_dump(mode="json"),
        "as_of": {part.service: part.as_of.isoformat() for part in parts},
        "records": counts,
        "files": {name: sha256(file).hexdigest() for name, file in files.items()},
    }


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str).encode()
