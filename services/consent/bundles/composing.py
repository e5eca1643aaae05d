"""The access bundle, put together (C10): files by their names. Pure, and the same for the same."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from common.contracts.privacy import Part
from consent.bundles.about import About
from consent.bundles.fhir.bundle import fhir_bundle
from consent.bundles.readable import page
from consent.bundles.records import as_json, held, plain, record_files

__all__ = ["About", "compose", "zipped"]

FORMAT = 1
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A zip knows no earlier moment; none of ours depends on when it was made."""


def compose(about: About, parts: Sequence[Part], disclosures: Sequence[dict[str, Any]], language: str) -> dict[str, bytes]:
    """`disclosures`: the entries of the accounting, as JSON has them. `language`: of the readable page.

    Up to a second for a client with thousands of records: it is not for the event loop.
    """
    known, entries = held(parts), plain(disclosures)
    rendered = fhir_bundle(about, known, entries)
    files = {
        **record_files(known, entries),
        "fhir/bundle.json": as_json(rendered.bundle),
        "index.html": page(about, known, entries, language),
    }
    return files | {"manifest.json": as_json(_manifest(about, parts, files, language, rendered.left_out))}


def _manifest(about: About, parts: Sequence[Part], files: Mapping[str, bytes], language: str, left_out: Sequence[str]) -> dict[str, Any]:
    listed = [{"name": name, "bytes": len(files[name]), "sha256": sha256(files[name]).hexdigest()} for name in sorted(files)]
    return {
        "format": FORMAT,
        "request_id": str(about.request_id),
        "client_id": str(about.client_id),
        "asked_at": plain(about.asked_at),
        "collected_at": plain(about.collected_at),
        "answerable": {"name": about.network_name, "contact": about.privacy_address},
        "language": language,
        "as_of": {part.service: plain(part.as_of) for part in parts},
        "records": {part.service: {table: len(rows) for table, rows in part.tables.items()} for part in parts},
        "files": listed,
        "only_in_records": sorted(left_out),
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr, entry.create_system = 0o600 << 16, 3
            archive.writestr(entry, files[name])
    return packed.getvalue()
