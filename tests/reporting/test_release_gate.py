"""Invariants 2, 3 and 4 at the gate: no release without proven freshness, no byte without the lock, no page that holds up an opt-out."""

import asyncio
import socket
import time
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import Stack
from tests.reporting.exports.filled import RECORDS, code_of, sql
from tests.story import Story, eventually


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


async def restart(story: Story, service: str) -> None:
    process = story.stack.processes[service]
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.wait_ready, f"{story.stack.url(service)}/readyz")


def scores(manifest: dict[str, Any]) -> str:
    """Where the scores of the only client in it are."""
    (url,) = [part["url"] for part in manifest["output"] if part["type"] == "Observation"]
    return str(url)


async def test_invariant_3_without_consent_nothing_individual_is_released_and_care_goes_on(story: Story) -> None:
    await story.sharing_client()
    url = scores(await story.export_of(1))
    assert (await story.partner.file(url)).status_code == 200
    newcomer = await story.client()
    story.stack.processes["consent"].kill()
    try:
        refused = await story.partner.file(url)
        assert code_of(refused) == (503, "freshness_not_proven")
        assert refused.headers["retry-after"]
        answer = await story.request(newcomer, "opt_in")
        assert (answer.status_code, answer.json()["sharing"]["delivery"]) == (201, "queued")
        await eventually(lambda: story.answered(newcomer))
    finally:
        await restart(story, "consent")

    async def arrived() -> bool:
        return bool((await story.sharing(newcomer))["shared"])

    await eventually(arrived)
    assert (await story.partner.file(url)).status_code == 200


async def test_invariant_4_a_parked_client_counts_as_opted_out(story: Story) -> None:
    client, other = await story.sharing_client(), await story.sharing_client()
    manifest = await story.export_of(2)
    await sql(story, "insert into parked_client (source, client_id, reason) values ('assessments', $1, 'test')", client)
    try:
        assert len(await story.lines(manifest)) == 1
        assert len(await story.lines(await story.export())) == 1
    finally:
        await sql(story, "delete from parked_client where client_id = $1", client)
    assert len(await story.lines(manifest)) == 2
    assert (await story.sharing(other))["shared"]


async def slow_reader(story: Story, url: str) -> socket.socket:
    """A recipient that asks for a part and takes nothing."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", story.stack.ports["reporting"]))
    bearer = (await story.partner.bearer())["authorization"]
    reader.sendall(f"GET {httpx.URL(url).path} HTTP/1.1\r\nhost: reporting\r\nauthorization: {bearer}\r\n\r\n".encode())
    return reader


def read_to_the_end(reader: socket.socket) -> None:
    while reader.recv(65536):
        pass


async def test_a_recipient_that_takes_nothing_is_cut_off_and_holds_up_no_opt_out(story: Story) -> None:
    client = await story.sharing_client()
    await story.settled()  # the sharing that the records are put beside
    await sql(story, RECORDS, client, 400)
    url = scores(await story.export_of(401))
    reader = await slow_reader(story, url)
    await asyncio.sleep(0.3)
    started = time.monotonic()
    opt_out = await story.opt_out(client)
    took = time.monotonic() - started
    assert opt_out["status"] == "effective", opt_out
    assert took < 8, "the page's second, and what the rest takes"
    with pytest.raises(ConnectionResetError):
        read_to_the_end(reader)
    reader.close()


async def test_invariant_2_a_page_under_way_keeps_the_opt_out_from_being_effective(story: Story) -> None:
    """The lock is seen from outside: whoever holds it, the receipt waits."""
    client = await story.sharing_client()
    url = scores(await story.export_of(1))
    holder = await asyncpg.connect(story.stack.database("reporting"))
    stream = await holder.fetchval("select stream from sharing where client_id = $1", client)
    await holder.execute(f"select pg_advisory_lock_shared({0x6A7E}, {stream})")
    opt_out = await story.opt_out(client, wait=1)
    assert opt_out["status"] == "recorded"
    refused = await story.partner.file(url)
    assert code_of(refused) == (503, "freshness_not_proven"), "an acknowledged opt-out that is not applied: nothing of its stream begins"
    await holder.close()
    path = f"/v1/clients/{client}/opt-outs/{opt_out['decision_id']}"

    async def effective() -> bool:
        answer = await story.call("consent", "GET", path, story.token("client", client))
        return bool(answer.json()["status"] in ("effective", "complete"))

    await eventually(effective)


async def test_what_leaves_is_on_record_before_it_leaves(story: Story) -> None:
    client = await story.sharing_client()
    await story.settled()  # the sharing that the records are put beside
    await sql(story, RECORDS, client, 400)
    url = scores(await story.export_of(401))
    reader = await slow_reader(story, url)
    await asyncio.sleep(0.3)
    answer = await story.call("reporting", "GET", f"/v1/clients/{client}/disclosures", story.token("client", client))
    reader.close()
    assert [d["records"] for d in answer.json()["items"] if d["path"] == "export"] == [200]


async def test_R5_a_sink_that_does_not_answer_in_time_is_marked_overdue(story: Story) -> None:
    client = await story.sharing_client()
    await story.lines(await story.export_of(1))
    opt_out = await story.opt_out(client)
    consent = await asyncpg.connect(story.stack.database("consent"))
    await consent.execute("update receipt set due_at = now() - interval '1 second' where decision_id = $1", UUID(opt_out["decision_id"]))
    await consent.close()
    path = f"/v1/clients/{client}/opt-outs/{opt_out['decision_id']}"

    async def overdue() -> list[str]:
        answer = await story.call("consent", "GET", path, story.token("client", client))
        return [receipt["sink"] for receipt in answer.json()["receipts"] if receipt["overdue"]]

    assert await eventually(overdue) == ["recall_acknowledged", "recall_attested"]
    metrics = (await story.http.get(f"{story.stack.url('consent')}/metrics")).text
    assert "optout_receipts_overdue" in metrics
    for name in ("optout_propagation_seconds_count", "journal_lag", "oldest_unpublished_seconds", "parked_clients", "applied_position"):
        assert name in metrics
    assert str(uuid4()) not in metrics
    assert str(client) not in metrics
