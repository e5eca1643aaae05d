"""Acceptance: a contract that is over closes the gate as an opt-out does, and opening it again releases nothing by itself (C14)."""

import array
import asyncio
import fcntl
import socket
import termios
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from demo.partner import token_of
from tests.reporting.exports.filled import RECORDS, addresses, code_of, filled, sql
from tests.reporting.partner_topics.reading import states
from tests.story import Story, eventually

MANY = 4000
PIECE, PAUSE = 8_192, 0.004
"""Bytes and seconds: so slowly that a download takes some seconds, and faster than it would be cut off."""


class Reader:
    """A recipient that reads a part, piece by piece, and knows at any moment what has reached its machine."""

    def __init__(self, port: int, url: str, bearer: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(
            f"GET {httpx.URL(url).path} HTTP/1.1\r\nhost: reporting\r\nconnection: close\r\nauthorization: {bearer}\r\n\r\n".encode()
        )
        self.socket.setblocking(False)
        self.read, self.last, self.ended = 0, b"", False

    async def run(self) -> None:
        while not self.ended:
            try:
                piece = self.socket.recv(PIECE)
            except BlockingIOError:
                piece = None
            except ConnectionResetError:
                piece = b""
            if piece is not None:
                self.read += len(piece)
                self.last = (self.last + piece)[-5:]
                self.ended = not piece or self.complete
            await asyncio.sleep(PAUSE)
        self.socket.close()

    def arrived(self) -> int:
        waiting = array.array("i", [0])
        fcntl.ioctl(self.socket, termios.FIONREAD, waiting)
        return self.read + waiting[0]

    @property
    def complete(self) -> bool:
        return self.last == b"0\r\n\r\n"


async def download(story: Story, client: UUID, export: UUID | None = None) -> tuple[Reader, asyncio.Task[None]]:
    """Under way: the first pages have arrived."""
    (url,) = await addresses(story, export or await filled(story, client), "Observation")
    reader = Reader(story.stack.ports["reporting"], url, (await story.partner.bearer())["authorization"])
    task = asyncio.create_task(reader.run())

    async def begun() -> bool:
        return reader.read > 100_000 or reader.ended

    await eventually(begun)
    return reader, task


async def ends(story: Story, contract: UUID, reason: str = "terminated") -> httpx.Response:
    path = f"/v1/recipients/{story.plan}/contracts/{contract}/end"
    answer = await story.call("reporting", "POST", path, story.token("privacy_officer"), json={"reason": reason})
    assert answer.status_code == 200, answer.text
    return answer


async def refused(story: Story) -> bool:
    """Whether neither an access token is granted nor anything given for those from before."""
    granted = await story.partner.ask_for_token()
    assert granted.status_code in (200, 400)
    return granted.status_code == 400 and granted.json()["code"] == "contract_not_valid"


async def released(story: Story) -> list[Any]:
    """All that a recipient could have been given: what is on record, its states, its files, its access tokens, its webhooks."""
    counts = await sql(
        story,
        """select (select count(*) from disclosure where recipient_id = $1) as disclosures,
                  (select count(*) from access_token where recipient_id = $1) as tokens,
                  (select count(*) from export where recipient_id = $1 and status in ('complete', 'in_progress')) as exports,
                  (select count(*) from webhook_delivery where recipient_id = $1) as webhooks""",
        story.plan,
    )
    return [dict(counts[0]), sorted((state.key, state.value is None) for state in await states(story.stack, story.partner.slug))]


async def is_taken_back(story: Story) -> bool:
    found = {state.key: state.value for state in await states(story.stack, story.partner.slug)}
    return bool(found) and not any(found.values())


async def test_C14_not_one_byte_leaves_after_the_end_of_a_contract_is_acknowledged_and_opening_again_releases_nothing(story: Story) -> None:
    client, other, leaving = [await story.sharing_client() for _ in range(3)]
    await eventually(lambda: states(story.stack, story.partner.slug))
    whole = await story.export(_type="Patient")
    await sql(story, RECORDS, client, MANY)
    reader, task = await download(story, client)
    await ends(story, story.partner.contract_id)
    arrived = reader.arrived()
    await task
    assert reader.read <= arrived and not reader.complete
    assert (await story.partner.file(whole["output"][0]["url"])).status_code == 401, "its access tokens are over"
    assert await refused(story)
    await eventually(lambda: is_taken_back(story))
    assert (await story.sharing(client))["shared"], "the client's decision is as it was"

    assert (await story.opt_out(leaving))["status"] == "effective", "and decisions are applied as ever"
    recalls = (await story.partner.ask_for_token("recalls")).json()
    mine = {"authorization": f"Bearer {recalls['access_token']}"}
    assert (await story.call("reporting", "GET", "/v1/recalls", mine)).json()["items"], "what it holds is still to be deleted"
    assert (await story.call("reporting", "GET", "/fhir/$export", mine | {"prefer": "respond-async"})).status_code == 403

    before = await released(story)
    signed = await story.partner.sign(story.token("operations"), uuid4())
    assert signed.status_code == 200, signed.text
    assert await refused(story)
    await eventually(lambda: story.answered(other))
    await story.settled()
    assert await released(story) == before

    assert await resumed(story) is True and await resumed(story) is False
    answer = await story.partner.ask_for_token()
    story.partner._token, story.partner._until = answer.json()["access_token"], float("inf")
    assert code_of(await story.partner.file(whole["output"][0]["url"])) == (410, "export_expired")
    last = await eventually(lambda: sent_again(story))
    again = await story.export(_type="Patient")
    assert last in {token_of(found) for found in await story.partner.resources(again)}
    (contract,) = {row["contract_id"] for row in await sql(story, LAST, story.plan)}
    assert str(contract) == signed.json()["contract_id"], "C9: on record with the contract that it left under"


LAST = "select contract_id from disclosure where recipient_id = $1 order by disclosed_at desc limit 1"


async def resumed(story: Story) -> bool:
    path = f"/v1/recipients/{story.plan}/resumption"
    assert (await story.call("reporting", "POST", path, story.token("operations"), json={})).status_code == 403, "an officer's alone"
    answer = await story.call("reporting", "POST", path, story.token("privacy_officer"), json={})
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["resumed"])


async def sent_again(story: Story) -> str:
    found = {state.key: state.value for state in await states(story.stack, story.partner.slug)}
    return next((key for key, value in found.items() if value), "")


async def test_C14_renewed_without_a_gap_nothing_is_interrupted_and_when_time_runs_out_not_one_byte_leaves(story: Story) -> None:
    client = await story.sharing_client()
    await eventually(lambda: states(story.stack, story.partner.slug))
    await sql(story, RECORDS, client, MANY)
    await signs(story, renewed := uuid4())
    reader, task = await download(story, client)
    await ends(story, story.partner.contract_id, "superseded")
    await task
    assert reader.complete

    until = datetime.now(UTC) + timedelta(seconds=6)
    await signs(story, uuid4(), valid_until=until.isoformat())
    await ends(story, renewed, "superseded")
    export = await filled(story, client)
    while datetime.now(UTC) < until:
        reader, task = await download(story, client, export)
        await asyncio.wait([task], timeout=max(0.0, (until - datetime.now(UTC)).total_seconds()))
        arrived = reader.read if reader.ended else reader.arrived()
    await task
    assert reader.read <= arrived
    await eventually(lambda: refused(story))
    await eventually(lambda: is_taken_back(story))
    (closed,) = await sql(story, "select * from release_opening where recipient_id = $1", story.plan)
    assert (closed["close_reason"], closed["open_until"]) == ("expired", until)


async def signs(story: Story, contract: UUID, **terms: str) -> None:
    answer = await story.partner.sign(story.token("operations"), contract, **terms)
    assert answer.status_code == 200, answer.text


async def test_C14_a_recipient_without_a_contract_gets_nothing_until_it_has_one(story: Story) -> None:
    other = Story(story.stack, story.http)
    sign, other.partner.sign = other.partner.sign, nothing  # type: ignore[method-assign]
    await other.open()
    await other.sharing_client()
    await other.settled()
    assert await refused(other)
    assert not await states(other.stack, other.partner.slug)
    path, officer = f"/v1/recipients/{other.plan}/resumption", other.token("privacy_officer")
    answer = await other.call("reporting", "POST", path, officer, json={})
    assert code_of(answer) == (403, "contract_not_valid")
    lacking = await sign(other.token("operations"), obligations=["encryption_at_rest"])
    assert code_of(lacking) == (422, "invalid_request") and lacking.json()["rule"] == "C14"
    assert (await sign(other.token("operations"), audit_right=False)).status_code == 422
    assert await refused(other)
    assert (await sign(other.token("operations"))).status_code == 200
    assert await eventually(lambda: states(other.stack, other.partner.slug))
    assert not await refused(other)


async def nothing(*_: object, **__: object) -> httpx.Response:
    return httpx.Response(200, request=httpx.Request("PUT", "http://nobody"))
