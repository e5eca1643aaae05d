"""What comes in masses takes turns; what closes sharing goes past it (C4)."""

import asyncio
import time
from typing import Any

from common.http import Edge
from common.metrics import Metrics
from common.turns import ABREAST, MOMENT, Turns
from consent.app import opens_sharing


class Slow:
    """An app in which every request waits until it is let go."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside.append(scope["path"])
        await self.go.wait()
        self.inside.remove(scope["path"])


async def ask(edge: Edge, path: str) -> None:
    await edge({"type": "http", "method": "POST", "path": path, "headers": []}, None, None)  # type: ignore[arg-type]


async def test_C4_an_opt_out_goes_past_decisions_that_wait_for_their_turn() -> None:
    app = Slow()
    edge = Edge(app, Metrics(), 1000, opens_sharing)
    waiting = [asyncio.create_task(ask(edge, f"/v1/clients/{n}/decisions")) for n in range(50)]
    await asyncio.sleep(0)
    assert len(app.inside) == ABREAST
    closing = [asyncio.create_task(ask(edge, path)) for path in ("/v1/clients/7/opt-outs", "/v1/clients/7/withdrawals", "/opt-out/token")]
    await asyncio.sleep(0)
    assert len(app.inside) == ABREAST + len(closing)
    app.go.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting, *closing)


async def test_C4_when_an_opt_out_arrives_no_decision_begins_for_a_moment_but_they_never_starve() -> None:
    turns, began = Turns(), list[float]()

    async def decide() -> None:
        async with turns.taken():
            began.append(time.monotonic())

    start = time.monotonic()
    turns.let_past()
    turns.let_past()  # as many as there are: the moment is not made longer
    await asyncio.gather(*(decide() for _ in range(5)))
    assert began[0] - start >= MOMENT * 0.9
    turns.let_past()  # and it is the masses' turn for as long
    async with turns.taken():
        assert turns._clear_at <= time.monotonic()


async def test_a_request_that_fails_gives_its_turn_back() -> None:
    async def failing(*_: object) -> None:
        raise RuntimeError

    edge = Edge(failing, Metrics(), 1000, opens_sharing)
    for _ in range(ABREAST + 1):
        answers = await asyncio.gather(ask(edge, "/v1/clients/7/decisions"), return_exceptions=True)
        assert isinstance(answers[0], RuntimeError)


async def test_without_such_requests_nobody_waits() -> None:
    app = Slow()
    edge = Edge(app, Metrics(), 1000)
    tasks = [asyncio.create_task(ask(edge, "/v1/clients/7/decisions")) for _ in range(50)]
    await asyncio.sleep(0)
    assert len(app.inside) == 50
    app.go.set()
    await asyncio.gather(*tasks)
