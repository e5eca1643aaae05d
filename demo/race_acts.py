"""What clients and the plan do in a race, each act recorded: deciding, asking for exports, downloading."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID, uuid4

from common.contracts.vocabulary import Programme
from consent.notices.shipped import shipped
from demo.history import UNSENT, Attempt, Client, Kind, Outcome, Received, Release
from demo.race_waiting import until
from demo.recorder import Answer, Recorder
from deploy.local.stack import Stack

NOTICES = {notice.programme: notice.digest for notice in shipped() if notice.language == "en" and notice.withdrawn_at is None}
PURPOSE = "personalised_health_recommendations"
WHOLE, REDACTED = 200, 410
TOKEN = re.compile(rb'"token": ?"([0-9a-f-]{36})"')


@dataclass(frozen=True, slots=True)
class Sharer:
    """A client who shares when the race begins."""

    client_id: UUID
    programme: str = "care_connect"

    @property
    def key(self) -> Client:
        return f"{self.client_id}/{self.programme}"


@dataclass(frozen=True, slots=True)
class OptIn:
    """An opt-in as it was sent, so that it can be sent again late."""

    version: int
    decision_id: str
    body: bytes


@dataclass
class Recording:
    """Everything done so far. Tokens are given their clients when the race is over."""

    stack: Stack
    plan_id: UUID
    random: Random
    recorder: Recorder = field(default_factory=Recorder)
    attempts: list[Attempt] = field(default_factory=list)
    releases: list[tuple[Release, list[tuple[str, int]]]] = field(default_factory=list)
    exports: list[str] = field(default_factory=list)
    hurried: set[str | None] = field(default_factory=set)
    """Opt-outs that were to be answered at once, so that their answers tell no latency."""
    _bearers: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def bearer(self, role: str, who: UUID | str) -> Mapping[str, str]:
        known = self._bearers.get((role, str(who)))
        return known or self._bearers.setdefault((role, str(who)), self.stack.issuer.bearer(role, UUID(str(who))))

    def one_of(self, service: str) -> str:
        """The address of some instance, up or down."""
        return self.stack.url(self.random.choice(self.stack.names(service)))

    async def opt_out(self, sharer: Sharer, wait: int | None = None) -> Attempt:
        url = f"{self.one_of('consent')}/v1/clients/{sharer.client_id}/opt-outs"
        body = json.dumps({"programme": sharer.programme}).encode()
        headers = {**self.bearer("client", sharer.client_id)} | ({} if wait is None else {"prefer": f"wait={wait}"})
        answer = await self.recorder.ask("POST", url, headers, body)
        item = json.loads(answer.body)["items"][0] if answer.outcome is Outcome.OK else {}
        if wait == 0:
            self.hurried.add(item.get("decision_id"))
        status = UNSENT if answer.refused else item.get("status")
        return self._note(Attempt(sharer.key, Kind.OPT_OUT, answer.sent, answer.done, answer.outcome, item.get("decision_id"), status))

    async def version(self, sharer: Sharer, patience: float) -> int:
        """The version of the state that the client is shown; -1 where nobody could tell."""
        seen = -1

        async def shown() -> bool:
            nonlocal seen
            url = f"{self.one_of('consent')}/v1/clients/{sharer.client_id}/sharing/{sharer.programme}"
            answer = await self.recorder.ask("GET", url, self.bearer("client", sharer.client_id))
            if answer.outcome is Outcome.OK:
                seen = json.loads(answer.body)["version"]
            return seen >= 0

        await until(shown, patience)
        return seen

    async def opt_in(self, sharer: Sharer, made: OptIn) -> Attempt:
        url = f"{self.one_of('consent')}/v1/clients/{sharer.client_id}/decisions"
        headers = {**self.bearer("client", sharer.client_id), "if-match": f'"{made.version}"'}
        answer = await self.recorder.ask("POST", url, headers, made.body)
        status = UNSENT if answer.refused else None
        return self._note(
            Attempt(sharer.key, Kind.OPT_IN, answer.sent, answer.done, answer.outcome, made.decision_id, status, made.version)
        )

    def _note(self, attempt: Attempt) -> Attempt:
        self.attempts.append(attempt)
        return attempt

    async def request_export(self) -> bool:
        """A fresh export of all who share; it may be refused."""
        body = json.dumps({"purpose": PURPOSE}).encode()
        answer = await self.recorder.ask(
            "POST", f"{self.one_of('reporting')}/v1/exports", self.bearer("plan", self.plan_id), body, patience=20
        )
        if answer.outcome is Outcome.OK:
            self.exports.append(json.loads(answer.body)["export_id"])
        return answer.outcome is Outcome.OK

    async def download(self, export_id: str) -> bool:
        """Manifest, then part by part in any order; a part that was redacted meanwhile by its new address. Whether all came whole."""
        base = self.one_of("reporting")
        parts = await self._parts(base, export_id)
        for stream in self.random.sample(sorted(parts), len(parts)):
            status = await self._download_part(base, parts[stream])
            if status == REDACTED:
                parts |= (now := await self._parts(base, export_id))
                status = await self._download_part(base, parts[stream]) if stream in now else WHOLE
            if status not in (WHOLE, REDACTED):
                return False
        return bool(parts)

    async def _parts(self, base: str, export_id: str) -> dict[int, str]:
        """The address of each part that has rows; none where the manifest cannot be had."""
        manifest = await self.recorder.ask("GET", f"{base}/v1/exports/{export_id}", self.bearer("plan", self.plan_id))
        output = json.loads(manifest.body)["output"] if manifest.outcome is Outcome.OK else []
        return {part["stream"]: base + part["url"] for part in output}

    async def _download_part(self, base: str, url: str) -> int:
        answer = await self.recorder.ask("GET", url, self.bearer("plan", self.plan_id), patience=15)
        complete = answer.outcome is Outcome.OK
        outcome = "complete" if complete else "cut" if answer.status in (0, 200) else "refused"
        made = Release(answer.sent, outcome, path=url.removeprefix(base), ended=answer.done)
        self.releases.append((made, list(_records(answer)) if answer.status == 200 else []))
        return WHOLE if complete else 0 if answer.status == 200 else answer.status

    def released(self, owners: Mapping[str, Client]) -> tuple[Release, ...]:
        return tuple(
            replace(release, records=tuple(Received(owners.get(token), at) for token, at in records)) for release, records in self.releases
        )


def opt_in_on(version: int, programme: str) -> OptIn:
    decision_id = str(uuid4())
    body = {"choice": "opt_in", "programme": programme, "notice_digest": NOTICES[Programme(programme)], "decision_id": decision_id}
    return OptIn(version, decision_id, json.dumps(body).encode())


def _records(answer: Answer) -> Iterator[tuple[str, int]]:
    """Token of each line, and when its last byte was there. Of a line that was cut, as far as it tells whose it is."""
    end = 0
    for line in answer.body.splitlines(keepends=True):
        end += len(line)
        found = TOKEN.search(line)
        if found:
            yield found[1].decode(), answer.received_at(end)
