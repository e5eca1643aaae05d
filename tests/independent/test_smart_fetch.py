"""The Bulk Data client of another project (smart-fetch, of the SMART Health IT team) takes exports and increments from us, as it is."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from demo.partner import token_of
from tests.independent.conftest import Known, sharing_everything
from tests.story import Story

PROGRAM = (str(Path(sys.executable).with_name("smart-fetch")), "bulk", "--no-compression", "--no-default-filters")
KNOWN = ("Patient", "Encounter", "Observation")
"""Of our six types those that it knows of; the others it does not ask for."""


def known(shared: set[str]) -> set[str]:
    return {resource for resource in shared if resource.startswith(KNOWN)}


def resources(folder: Path) -> dict[str, str]:
    """What it saved, and whose it is."""
    found = [json.loads(line) for file in folder.glob("*.[0-9]*.ndjson") for line in file.read_text().splitlines()]
    return {f"{resource['resourceType']}/{resource['id']}": f"Patient/{token_of(resource)}" for resource in found}


def deleted(folder: Path) -> set[str]:
    bundles = [json.loads(line) for file in folder.glob("deleted/Bundle.*.ndjson") for line in file.read_text().splitlines()]
    return {entry["request"]["url"] for bundle in bundles for entry in bundle["entry"]}


def transaction_time(folder: Path) -> str:
    """As the log says it that the program keeps (the Bulk Data community's own format)."""
    events: list[dict[str, Any]] = [json.loads(line) for line in (folder / "log.ndjson").read_text().splitlines()]
    return str(next(event["eventDetail"]["transactionTime"] for event in events if "transactionTime" in event["eventDetail"]))


async def test_R5_smart_fetch_exports_and_is_told_afterwards_what_to_delete(
    story: Story, jwks: Path, shared: Known, tmp_path: Path
) -> None:
    async def fetch(folder: Path, *more: str) -> str:
        server = ("--fhir-url", f"{story.partner.base}/fhir", "--smart-client-id", story.partner.client, "--smart-key", str(jwks))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*PROGRAM, *server, *more, str(folder), stdout=pipe, stderr=asyncio.subprocess.STDOUT)
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return out.decode()

    leaving, _staying = [await sharing_everything(story) for _ in range(2)]
    before = known(await shared())
    await fetch(first := tmp_path / "first")
    taken = resources(first)
    assert set(taken) == before

    await story.opt_out(leaving)
    _coming = await sharing_everything(story)
    after = known(await shared())
    await fetch(second := tmp_path / "second", "--since", transaction_time(first), "--since-mode", "updated")
    # It calls an export off once it has it, so of whose rows were in it nothing is known but the person.
    dropped = deleted(second)
    assert dropped <= before - after
    assert len([reference for reference in dropped if reference.startswith("Patient/")]) == 1
    new = resources(second)
    assert set(new) == after - before
    assert {resource for resource, patient in taken.items() if patient not in dropped} | set(new) == after
