"""The health plan's side: asks for an export, downloads its parts into a folder, reads what it got."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.contracts.vocabulary import Purpose
from demo.calling import Caller, succeeded


@dataclass(frozen=True)
class Taken:
    """An export as it was at one moment, on disk: `part-NN.ndjson` and `manifest.json`."""

    manifest: dict[str, Any]
    folder: Path

    @property
    def export_id(self) -> str:
        return str(self.manifest["export_id"])

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for part in sorted(self.folder.glob("part-*.ndjson")) for line in part.read_text().splitlines()]

    def by_token(self) -> Counter[str]:
        """How many records each person has; nobody's name or id is in it."""
        return Counter(record["token"] for record in self.records())

    def url_of(self, stream: int) -> str:
        return next(str(part["url"]) for part in self.manifest["output"] if part["stream"] == stream)


async def request_export(plan: Caller, folder: Path) -> Taken:
    """A new export, downloaded."""
    return await _download(plan, await plan.post("reporting", "/v1/exports", {"purpose": Purpose.PERSONALISED_RECOMMENDATIONS}), folder)


async def download_again(plan: Caller, export_id: str, folder: Path) -> Taken:
    """The same export as it is now."""
    return await _download(plan, await plan.get("reporting", f"/v1/exports/{export_id}"), folder)


async def _download(plan: Caller, manifest: dict[str, Any], folder: Path) -> Taken:
    async def fetch(part: dict[str, Any]) -> tuple[str, bytes]:
        answer = succeeded(await plan.send("GET", "reporting", part["url"]))
        return f"part-{part['stream']:02}.ndjson", answer.content

    parts = await asyncio.gather(*map(fetch, manifest["output"]))
    return _keep(folder, manifest, parts)


def _keep(folder: Path, manifest: dict[str, Any], parts: Sequence[tuple[str, bytes]]) -> Taken:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for name, content in parts:
        (folder / name).write_bytes(content)
    return Taken(manifest, folder)
