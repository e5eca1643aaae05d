"""The plan in a race: its exports and downloads, each recorded with what came and when."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

from demo.history import Outcome, Release
from demo.partner import LASTS, Partner
from demo.race_arrivals import Arrivals, tokens_of
from demo.race_waiting import until
from demo.recorder import Answer, Recorder
from deploy.local.stack import Stack

TYPES = ("Patient", "Consent", "Appointment", "Encounter", "QuestionnaireResponse", "Observation")
WHOLE, REDACTED = 200, 410
TRIES = 5
BUILT_SECONDS, BREATH = 30, 0.3

Place = tuple[str, str]
"""Stream and part: what stays of a part's address when its generation moves."""


@dataclass(frozen=True, slots=True)
class Export:
    """One that was built, by the path of its status."""

    path: str
    transaction_time: str

    @property
    def export_id(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class Recipient:
    """Its requests go to any instance, up or down; its access token is renewed in time."""

    stack: Stack
    partner: Partner
    random: Random
    recorder: Recorder
    exports: list[Export] = field(default_factory=list)
    arrivals: Arrivals = field(default_factory=Arrivals)
    _access: Mapping[str, str] = field(default_factory=dict)
    _until: float = 0

    def one_of(self, service: str = "reporting") -> str:
        """The address of some instance."""
        return self.stack.url(self.random.choice(self.stack.names(service)))

    async def ask(self, method: str, path: str, body: bytes = b"", patience: float = 6, **headers: str) -> Answer:
        """With an access token; where none was had, nothing was sent."""
        if time.monotonic() > self._until and not await self._renew():
            now = time.monotonic_ns()
            return Answer(now, now, refused=True)
        answer = await self.recorder.ask(method, self.one_of() + path, {**self._access, **headers}, body, patience)
        if answer.status == 401:
            self._until = 0
        return answer

    async def _renew(self) -> bool:
        form = urlencode(self.partner.token_request()).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await self.recorder.ask("POST", f"{self.one_of()}/v1/oauth2/token", headers, form)
        if answer.outcome is Outcome.OK:
            self._access = {"authorization": f"Bearer {json.loads(answer.body)['access_token']}"}
            self._until = time.monotonic() + LASTS
        return answer.outcome is Outcome.OK

    async def export(self, types: Sequence[str] = (), since: str | None = None, *, by_patient: bool = False) -> Export | None:
        """Asks for it and waits until it is built; None where it was refused, or not built in time."""
        wanted = {"_type": ",".join(types), "_since": since, "organizeOutputBy": "Patient" if by_patient else None}
        query = urlencode({name: value for name, value in wanted.items() if value})
        asked = await self.ask("GET", f"/fhir/$export?{query}", patience=10, accept="application/fhir+json", prefer="respond-async")
        if asked.status != 202 or "content-location" not in asked.headers:
            return None
        path, manifest = urlsplit(asked.headers["content-location"]).path, {}

        async def built() -> bool:
            manifest.update(await self._manifest(path))
            return bool(manifest)

        if not await until(built, BUILT_SECONDS, every=0.3):
            return None
        self.exports.append(Export(path, manifest["transactionTime"]))
        return self.exports[-1]

    async def _manifest(self, path: str) -> dict[str, Any]:
        """Empty where it cannot be had, or not yet."""
        answer = await self.ask("GET", path, accept="application/json")
        found: dict[str, Any] = json.loads(answer.body) if answer.status == 200 and answer.outcome is Outcome.OK else {}
        return found

    async def _manifest_now(self, export: Export) -> dict[str, Any]:
        """Of an export that was built, asked for again where no instance answers. Empty where it cannot be had."""
        for _ in range(TRIES):
            if found := await self._manifest(export.path):
                return found
            await asyncio.sleep(BREATH)
        return {}

    async def download(self, export: Export) -> dict[Place, bytes] | None:
        """Manifest, then part by part in any order; a part that was redacted meanwhile by its new address. None unless all came whole."""
        parts = await self._parts(export)
        if parts is None:
            return None
        taken: dict[Place, bytes] = {}
        for place in self.random.sample(sorted(parts), len(parts)):
            body = await self._download_now(export, parts, place)
            if body is None:
                return None
            taken[place] = body
        return taken

    async def _download_now(self, export: Export, parts: dict[Place, str], place: Place) -> bytes | None:
        """By the address that it has by then, and again where it was cut; empty where nothing is left of it."""
        for _ in range(TRIES):
            status, body = await self._download_part(export, parts[place])
            if status == WHOLE:
                return body
            if status != REDACTED:
                await asyncio.sleep(BREATH)
            elif (now := await self._parts(export)) is None:
                return None
            elif place not in now:
                return b""
            else:
                parts |= now
        return None

    async def _parts(self, export: Export) -> dict[Place, str] | None:
        """The path of each part that has rows; None where the manifest cannot be had."""
        manifest = await self._manifest_now(export)
        paths = [urlsplit(part["url"]).path for part in manifest.get("output", ())]
        return {_place_of(path): path for path in paths} if manifest else None

    async def _download_part(self, export: Export, path: str) -> tuple[int, bytes]:
        answer = await self.ask("GET", path, patience=15)
        complete, came = answer.outcome is Outcome.OK, answer.status == 200
        outcome = "complete" if complete else "cut" if answer.status in (0, 200) else "refused"
        made = Release(answer.sent, outcome, path=path, ended=answer.done)
        self.arrivals.note(made, export.export_id, list(tokens_of(answer, path)) if came else ())
        self.arrivals.note_ids("an export", answer.body if came else b"")
        return WHOLE if complete else 0 if came else answer.status, answer.body if came else b""

    async def deleted(self, export: Export) -> list[str] | None:
        """The references that its manifest tells to drop now; None where they cannot be had."""
        manifest = await self._manifest_now(export)
        found: list[str] = []
        for part in manifest.get("deleted", ()):
            answer = await self.ask("GET", urlsplit(part["url"]).path, patience=15)
            if answer.outcome is not Outcome.OK:
                return None
            self.arrivals.note_ids("an export", answer.body)
            found += [entry["request"]["url"] for line in answer.body.splitlines() for entry in json.loads(line)["entry"]]
        return found if manifest else None


def _place_of(path: str) -> Place:
    stream, part = path.split("/")[-2:]
    return stream, part
