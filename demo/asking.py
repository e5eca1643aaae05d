"""The act about the right of access: a client asks for everything that is held about them, and a copy is left to look at."""

import io
import json
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from demo.calling import Caller, succeeded, until
from demo.play import Play
from demo.programme import Client

PATIENCE = 60.0
"""Seconds. The law gives 30 days."""


async def ask_for_a_copy(play: Play) -> None:
    """C9, C10."""
    tell, client = play.tell, _who_has_seen_much(play)
    me = play.client(client)
    tell.act("A client asks for a copy of everything that is held")
    asked = await me.post("consent", f"/v1/clients/{me.id}/access-requests", {"language": "en"})
    tell.say(
        f"Asked for; due by {asked['due_at'][:10]} (45 CFR 164.524). Each service is asked over Kafka and answers sealed for this request."
    )
    at = f"/v1/clients/{me.id}/access-requests/{asked['request_id']}"
    ready = await until(lambda: _is_ready(me, at), PATIENCE)
    case = await me.get("consent", at)
    rows = [(part["service"], part["state"], part["asks"], str(part["collected_at"])[11:23]) for part in case["parts"]]
    tell.table(("service", "state", "asked", "at"), rows, right=(2,))
    if not play.check(ready, f"The copy is {case['state']}."):
        return
    archive = succeeded(await me.send("GET", "consent", f"{at}/bundle")).content
    _unpack(archive, folder := play.out / "access-bundle")
    _look_at(play, folder)


def _who_has_seen_much(play: Play) -> Client:
    """Somebody who shared at first, and has had the most to do with the programme."""
    return max((client for client in play.programme.clients if client.opts_in), key=lambda client: len(client.steps))


async def _is_ready(me: Caller, at: str) -> bool:
    return bool((await me.get("consent", at))["state"] == "ready")


def _unpack(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(folder)


def _look_at(play: Play, folder: Path) -> None:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    true = all(sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"] for file in manifest["files"])
    records = {service: sum(tables.values()) for service, tables in manifest["records"].items()}
    bundle = json.loads((folder / "fhir" / "bundle.json").read_text(encoding="utf-8"))
    kinds = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
    play.summary["access_bundle_records"] = sum(records.values())
    play.tell.say("  records: " + ", ".join(f"{service} {count}" for service, count in records.items()))
    play.tell.say("  FHIR R4B: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    complete = true and len(records) == 4 and not manifest["only_in_records"]
    play.check(complete, f"{len(manifest['files'])} files, each as its digest says, from all four services → {folder / 'index.html'}")
