"""What clients do in a race, each act recorded. What the plan does is in `race_recipient.py`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid4

from common.contracts.vocabulary import Programme
from consent.notices.shipped import shipped
from demo.history import UNSENT, Attempt, Client, Kind, Outcome
from demo.race_waiting import until
from demo.recorder import Recorder
from deploy.local.stack import Stack

NOTICES = {notice.programme: notice.digest for notice in shipped() if notice.language == "en" and notice.withdrawn_at is None}


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
    """Everything decided so far."""

    stack: Stack
    random: Random
    recorder: Recorder = field(default_factory=Recorder)
    attempts: list[Attempt] = field(default_factory=list)
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


def opt_in_on(version: int, programme: str) -> OptIn:
    decision_id = str(uuid4())
    body = {"choice": "opt_in", "programme": programme, "notice_digest": NOTICES[Programme(programme)], "decision_id": decision_id}
    return OptIn(version, decision_id, json.dumps(body).encode())
