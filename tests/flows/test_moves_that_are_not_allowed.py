"""Every move of a request in every state, over HTTP: what the table does not allow answers 409 and says what is allowed."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest

from tests.flows.care import Care, monday
from tests.scheduling.requests.test_states import ALLOWED

HELD_ON = date(2026, 11, 30)


class Walk:
    """One client's request on its way to a state."""

    def __init__(self, care: Care, client: UUID, provider: UUID, request: str) -> None:
        self.care, self.client, self.provider, self.id = care, client, provider, request
        self.appointment = ""

    @property
    def path(self) -> str:
        return f"/v1/consultation-requests/{self.id}"

    async def version(self) -> str:
        return f'"{(await self.care.request(self.client, self.id))["version"]}"'

    async def answer(self, how: str, body: object = None) -> httpx.Response:
        return await self.care.does("provider", self.provider, "POST", f"{self.path}/{how}", body, **{"if-match": await self.version()})

    async def book(self, kind: str) -> httpx.Response:
        body = {"kind": kind, "starts_at": (monday(3) + timedelta(hours=self.care.now.minute)).isoformat()}
        answer = await self.care.does("provider", self.provider, "POST", f"{self.path}/appointments", body)
        if answer.is_success:
            self.appointment = answer.json()["appointment_id"]
        return answer

    async def of_appointment(self, how: str, body: object = None) -> httpx.Response:
        return await self.care.does("provider", self.provider, "POST", f"/v1/appointments/{self.appointment}/{how}", body)

    async def client_does(self, how: str, body: object = None) -> httpx.Response:
        return await self.care.does("client", self.client, "POST", f"{self.path}/{how}", body)


Step = Callable[[Walk], Awaitable[object]]

BY_HTTP: dict[str, Step] = {
    "accept": lambda w: w.answer("acceptance"),
    "decline": lambda w: w.answer("refusal"),
    "propose_times": lambda w: w.answer("proposed-times", {"times": [(w.care.now + timedelta(days=2)).isoformat()]}),
    "schedule_consultation": lambda w: w.book("consultation"),
    "schedule_session": lambda w: w.book("session"),
    "hold_consultation": lambda w: w.of_appointment("completion", {"held_on": HELD_ON.isoformat()}),
    "hold_session": lambda w: w.of_appointment("completion", {"held_on": HELD_ON.isoformat()}),
    "lose_consultation": lambda w: w.of_appointment("cancellation"),
    "lose_session": lambda w: w.of_appointment("cancellation"),
    "find_good_fit": lambda w: w.client_does("fit", {"good_fit": True}),
    "find_not_a_good_fit": lambda w: w.client_does("fit", {"good_fit": False}),
    "withdraw": lambda w: w.client_does("withdrawal"),
    "end": lambda w: w.client_does("ending", {"reason": "completed"}),
}
WAYS: dict[str, list[str]] = {
    "submitted": [],
    "accepted": ["accept"],
    "consultation_scheduled": ["schedule_consultation"],
    "consultation_held": ["schedule_consultation", "hold_consultation"],
    "good_fit": ["schedule_consultation", "hold_consultation", "find_good_fit"],
    "session_scheduled": ["accept", "schedule_session"],
    "in_care": ["accept", "schedule_session", "hold_session"],
    "declined": ["decline"],
    "not_a_good_fit": ["schedule_consultation", "hold_consultation", "find_not_a_good_fit"],
    "withdrawn": ["withdraw"],
    "ended": ["accept", "schedule_session", "hold_session", "end"],
}
NEEDS_ITS_APPOINTMENT = {"hold_consultation", "hold_session", "lose_consultation", "lose_session"}


async def walked_to(care: Care, provider: UUID, state: str) -> Walk:
    client = await care.story.client()
    walk = Walk(care, client, provider, (await care.ask(client, provider, "decline"))["request_id"])
    for step in WAYS[state]:
        answer = await BY_HTTP[step](walk)
        assert isinstance(answer, httpx.Response)
        assert answer.is_success, (step, answer.text)
    assert (await care.request(client, walk.id))["state"] == state
    return walk


@pytest.mark.parametrize("state", WAYS)
async def test_an_illegal_move_answers_409_with_what_is_allowed_and_changes_nothing(care: Care, state: str) -> None:
    provider = care.story.provider
    walk = await walked_to(care, provider, state)
    before = await care.request(walk.client, walk.id)
    for move, step in BY_HTTP.items():
        if move in ALLOWED[state] or move in NEEDS_ITS_APPOINTMENT:
            continue
        answer = await step(walk)
        assert isinstance(answer, httpx.Response)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state"), (move, answer.text)
        assert answer.json()["allowed"] == sorted(ALLOWED[state]), move
        assert answer.headers["content-type"] == "application/problem+json"
    assert await care.request(walk.client, walk.id) == before


def test_every_state_but_the_one_that_only_time_leads_to_is_walked_to() -> None:
    assert set(WAYS) | {"timed_out"} == set(ALLOWED)
    assert {move for moves in ALLOWED.values() for move in moves} - {"time_out"} == set(BY_HTTP)
