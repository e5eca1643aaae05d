"""The health plan's side: asks for an export, downloads its files into a folder, reads what it got."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.partner import Partner, category_of, token_of

FOLLOWS = ("Encounter", "Observation")
"""What is told of a record a second time: a visit beside its appointment, a score beside its questionnaire."""

AT_ONCE = 6


@dataclass(frozen=True)
class Taken:
    """An export as it was at one moment, on disk: `<type>-<stream>.ndjson` and `manifest.json`. `deleted`: references to drop."""

    manifest: dict[str, Any]
    folder: Path
    deleted: frozenset[str] = frozenset()

    @property
    def status_url(self) -> str:
        return str(self.manifest["status_url"])

    def resources(self) -> list[dict[str, Any]]:
        return [json.loads(line) for part in sorted(self.folder.glob("*.ndjson")) for line in part.read_text().splitlines()]

    def records(self) -> list[dict[str, Any]]:
        """What somebody shares by a category, each once; without what every consent comes with."""
        return [found for found in self.resources() if category_of(found) and found["resourceType"] not in FOLLOWS]

    def by_token(self) -> Counter[str]:
        """How many resources each person has; nobody's name or id is in it."""
        return Counter(map(token_of, self.resources()))

    def records_by_token(self) -> Counter[str]:
        return Counter(map(token_of, self.records()))

    def url_of(self, stream: int, kind: str) -> str:
        return next(str(part["url"]) for part in self.manifest["output"] if part["url"].endswith(f"/{stream}/{kind}"))


async def request_export(plan: Partner, folder: Path, **parameters: Any) -> Taken:
    """A new export, downloaded."""
    return await _download(plan, await plan.export(**parameters), folder)


async def download_again(plan: Partner, before: Taken, folder: Path) -> Taken:
    """The same export as it is now."""
    return await _download(plan, await plan.manifest(before.status_url), folder)


async def _download(plan: Partner, manifest: dict[str, Any], folder: Path) -> Taken:
    few = asyncio.Semaphore(AT_ONCE)

    async def fetch(url: str) -> tuple[str, bytes]:
        async with few:
            answer = await plan.file(url)
        answer.raise_for_status()
        stream, kind = url.split("/")[-2:]
        return f"{kind}-{int(stream):02}.ndjson", answer.content

    parts = await asyncio.gather(*(fetch(part["url"]) for part in manifest["output"]))
    return _keep(folder, manifest, parts, frozenset(await plan.deleted(manifest)))


def _keep(folder: Path, manifest: dict[str, Any], parts: Sequence[tuple[str, bytes]], deleted: frozenset[str]) -> Taken:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for name, content in parts:
        (folder / name).write_bytes(content)
    return Taken(manifest, folder, deleted)
