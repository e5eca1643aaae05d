"""Verifies a ledger: an export, with nothing but public keys, or a database. Answers 0 where it is intact, else 1."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.db import open_pool
from consent.ledger.exports import rows_of
from consent.ledger.rules import Verified
from consent.ledger.signing import Signer, verifier
from consent.ledger.usecases import Ledger, verify_ledger
from consent.ledger.verification import Verification

SERVICE = "consent"


def verify_export(export: Path, keys: Path | None, tokens: Sequence[str]) -> Verified:
    """Raises ValueError for what is no export. Keys given apart are trusted, not the export's own."""
    trusted = json.loads(keys.read_text()) if keys else _keys_within(export)
    verification = Verification(SERVICE, verifier(trusted), tokens=tokens)
    with export.open(encoding="utf-8") as lines:
        for row in rows_of(lines):
            verification.take(row)
    return verification.finish()


def _keys_within(export: Path) -> dict[str, Any]:
    with export.open(encoding="utf-8") as lines:
        first = json.loads(next(lines, "null"))
    if not isinstance(first, dict) or first.get("kind") != "keys":
        raise ValueError("the export has no keys; give them with --keys")
    return first


async def verify_database(url: str, key: Path, tokens: Sequence[str]) -> Verified:
    pool = await open_pool(url, 1, 1)
    try:
        return await verify_ledger(Ledger(pool, SERVICE, Signer.from_file(key)), tokens=tokens)
    finally:
        await pool.close()


def told(verified: Verified) -> str:
    figures = ("status", "streams", "lines", "checkpoints", "receipts")
    lines = [f"{name:13}{getattr(verified, name)}" for name in figures]
    for finding in verified.findings:
        place = [f"{name} {value}" for name in ("stream", "position", "checkpoint") if (value := getattr(finding, name)) is not None]
        lines.append(f"  {finding.what:21} {', '.join(place) or '-':36} {finding.detail}")
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m consent.ledger", description=__doc__)
    parser.add_argument("--export", type=Path, help="what GET /v1/ledger/export gave")
    parser.add_argument("--keys", type=Path, help="what GET /v1/ledger/keys gave, kept apart: trusted over those in the export")
    parser.add_argument("--receipt", type=Path, action="append", default=[], help="a receipt or a kept checkpoint (compact JWS)")
    parser.add_argument("--database", help="instead of an export: the database's address")
    parser.add_argument("--signing-key", type=Path, help="with --database: the service's key file")
    given = parser.parse_args()
    if (given.export is None) == (given.database is None) or (given.database and not given.signing_key):
        parser.error("give --export, or --database and --signing-key")
    return given


def main() -> int:
    given = arguments()
    if given.export and not given.export.exists():
        sys.stderr.write(f"There is no ledger at {given.export}: `make demo` leaves one in out/, or name yours with LEDGER=…\n")
        return 1
    try:
        tokens = [token for file in given.receipt for token in file.read_text().split()]
        if given.export:
            verified = verify_export(given.export, given.keys, tokens)
        else:
            verified = asyncio.run(verify_database(given.database, given.signing_key, tokens))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"Not verified: {error}\n")
        return 1
    if given.export and not given.keys:
        sys.stderr.write("The keys are the export's own: they prove nothing of who made it. Give trusted ones with --keys.\n")
    sys.stdout.write(told(verified))
    return 1 if verified.findings else 0


if __name__ == "__main__":
    sys.exit(main())
