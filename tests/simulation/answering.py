"""What clients make of what they are sent: answers over HTTP, at the moment that each of them chooses."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import httpx

from tests.simulation.histories import DAY, HOUR, History
from tests.simulation.practice import ASSESSMENTS, Practice

ITEMS = {
    "phq-9": ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"),
    "gad-7": ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"),
    "satisfaction": ("recommend",),
}
AT_ONCE = 8
PATIENCE = 200.0


@dataclass(frozen=True, slots=True, order=True)
class Answer:
    at: datetime
    number: int
    client_id: UUID
    instrument: str
    answers: tuple[tuple[str, int], ...]


class Clients:
    """Everybody's answers that are still to come."""

    def __init__(self, practice: Practice, http: httpx.AsyncClient, found: Sequence[History], draw: Random) -> None:
        self.practice, self.http, self.draw = practice, http, draw
        self.known = {history.client_id: history for history in found}
        self.tokens: dict[UUID, dict[str, str]] = {}
        self.coming: list[Answer] = []
        self.given, self.numbers = 0, count()
        for history in found:
            for unasked in history.unasked:
                for instrument in unasked.instruments:
                    self.will_answer(unasked.at, history.client_id, instrument, 2 if unasked.elevated else 0)

    def will_answer(self, at: datetime, client_id: UUID, instrument: str, score: int, left_out: int = 0) -> None:
        """All with the same score, item 9 of PHQ-9 rarely above 0: each such answer is told to a clinician."""
        items = ITEMS[instrument][left_out:]
        scored = tuple((item, 0 if item == "44260-8" and self.draw.random() < 0.95 else score) for item in items)
        heappush(self.coming, Answer(at, next(self.numbers), client_id, instrument, scored))

    def was_sent(self, client_id: UUID, schedule: str, sent_at: datetime, closes_at: datetime) -> None:
        history, draw = self.known[client_id], self.draw
        if schedule.startswith("satisfaction"):
            if history.answers_satisfaction:
                self.will_answer(sent_at + draw.uniform(0.1, 12) * DAY, client_id, "satisfaction", draw.randint(0, 10))
            return
        at = sent_at + draw.choice((draw.uniform(0.1, 3), draw.uniform(3, 60))) * HOUR
        match history.manner:
            case "elevated":
                scores, left_out = (2, draw.choice((0, 2))), 0
            case "not_elevated":
                scores, left_out = (1, 0), 0
            case "prorated":
                scores, left_out = (3, 3), 1
            case "partly":
                scores, left_out = (2,), 0
            case "late":
                at, scores, left_out = closes_at - draw.uniform(0.5, 20) * HOUR, (2, 2), 0
            case _:
                return
        for instrument, score in zip(("phq-9", "gad-7"), scores, strict=False):
            self.will_answer(at, client_id, instrument, score, left_out)
            at += timedelta(minutes=draw.choice((1, 1, 600)))

    async def answer_until(self, now: datetime) -> None:
        due: list[Answer] = []
        while self.coming and self.coming[0].at <= now:
            due.append(heappop(self.coming))
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._answer(answer, gate) for answer in due))
        self.given += len(due)

    async def _answer(self, answer: Answer, gate: asyncio.Semaphore) -> None:
        """At whichever instance serves, under one key: it counts once."""
        token = self.tokens.setdefault(answer.client_id, self.practice.issuer.bearer("client", answer.client_id))
        body: dict[str, Any] = {"client_id": str(answer.client_id), "instrument": answer.instrument, "answers": dict(answer.answers)}
        headers = token | {"idempotency-key": f"answer-{answer.number}-{answer.instrument}"}
        until, number, said = time.monotonic() + PATIENCE, 0, ""
        while time.monotonic() < until:
            url, number = self.practice.url(ASSESSMENTS[(answer.number + number) % 2]), number + 1
            try:
                async with gate:
                    got = await self.http.post(f"{url}/v1/assessment-responses", json=body, headers=headers)
                if got.status_code == 201:
                    return
                said = got.text
                if got.status_code < 500 and "unknown_client" not in said:
                    break
            except httpx.HTTPError as error:
                said = repr(error)
            await asyncio.sleep(0.05 * min(number, 10))
        raise AssertionError(f"nobody takes {answer}: {said}")
