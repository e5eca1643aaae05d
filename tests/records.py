"""Clients with records of every kind, what the ledger says of them, and waiting until reporting has taken everything in."""

import json
from itertools import count as counting
from typing import Any
from uuid import UUID, uuid4

from common.contracts.vocabulary import Category
from common.journal import stream_of
from tests.story import Story, eventually

STREAMS = 16
PHQ_9 = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
EVERY = sorted(str(category) for category in Category)
BOOKED = counting()
RECORDS = len(EVERY)
"""How many `fill` leaves behind: one of each category."""
RESOURCES = RECORDS + 3
"""As what they leave: the Consent comes with them, and the forms behind the two scores."""


def beside(client: UUID) -> UUID:
    """Another client's id of the same stream: their records stand in the same part of an export."""
    return next(other for other in iter(uuid4, None) if stream_of(other, STREAMS) == stream_of(client, STREAMS))


async def register(story: Story, client: UUID) -> UUID:
    body = {
        "client_id": str(client),
        "employer_id": str(story.employer),
        "plan_id": str(story.plan),
        "programme": "care_connect",
        "birth_date": "1985-05-17",
        "sex": "female",
        "state": "MA",
    }
    answer = await story.call("scheduling", "POST", "/v1/clients", story.token("operations"), json=body)
    assert answer.status_code == 201, answer.text
    return client


async def fill(story: Story, client: UUID, choice: str, **sharing: Any) -> None:
    """The first request with its choice, then a record of every category, in no order of the categories."""
    made = await story.request(client, choice, **sharing)
    assert made.status_code == 201, made.text
    await book_sessions(story, made.json()["request_id"], 2)
    await score(story, client, 9)
    body = {"client_id": str(client), "instrument": "phq-9", "answers": dict.fromkeys(PHQ_9, 1)}
    answer = await story.call("assessments", "POST", "/v1/assessment-responses", story.token("client", client), json=body)
    assert answer.status_code == 201, answer.text


async def book_sessions(story: Story, request: str, count: int, month: int = 3) -> None:
    """The first is speed to care, the others are how often (C16)."""
    path, provider = f"/v1/consultation-requests/{request}", story.token("provider", story.provider)
    accepted = await story.call("scheduling", "POST", f"{path}/acceptance", provider, headers={"if-match": '"1"'})
    assert accepted.status_code == 200, accepted.text
    hour = next(BOOKED) % 24  # nobody sees two at once
    for day in range(1, count + 1):
        body = {"kind": "session", "starts_at": f"2026-{month:02}-{day:02}T{hour:02}:00:00Z"}
        made = await story.call("scheduling", "POST", f"{path}/appointments", provider, json=body)
        assert made.status_code == 201, made.text


async def score(story: Story, client: UUID, value: int) -> None:
    """A satisfaction response, once assessments knows the client."""

    async def taken() -> bool:
        body = {"client_id": str(client), "score": value}
        answer = await story.call("assessments", "POST", "/v1/satisfaction-responses", story.token("client", client), json=body)
        return answer.status_code == 201

    await eventually(taken)


async def export_now(story: Story) -> list[dict[str, Any]]:
    """The lines of a fresh export that holds all it may."""
    return await story.lines(await story.export_of(0))


async def ledger_of(story: Story, client: UUID) -> list[dict[str, Any]]:
    """The client's lines in the ledger, in their order, each with its event and its place."""
    stream, after, found = stream_of(client, STREAMS), 0, []
    while True:
        path = f"/v1/journal/streams/{stream}/entries?after={after}&limit=1000"
        answer = await story.call("consent", "GET", path, story.token("privacy_officer"))
        items = answer.json()["items"]
        found += [item | {"event": json.loads(item["payload"])} for item in items if item["subject"] == str(client)]
        if len(items) < 1000:
            return found
        after = items[-1]["position"]
