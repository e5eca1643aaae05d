"""What other systems make of an outage, tried on ours: LEAP-CDS, Consent2Share, Fides, ABDM. With everything up: `tests/flows`."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from consent.ledger.signing import verify_with
from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.faults import senders as gateways
from tests.faults.mails import answers_are_sent
from tests.mails import becomes, decision, writer
from tests.records import beside, export_now, ledger_of
from tests.story import Story, eventually

EVERYBODY_ELSE = ("reporting", "scheduling", "assessments", "mailbox", "issuer")


@pytest.fixture(scope="module")
def infrastructure() -> Iterator[Infrastructure]:
    """Servers of our own, to stop."""
    if os.environ.get("CARE_CONNECT_TEST_STACK", "embedded") != "embedded":
        pytest.skip("only servers that run here can be stopped: STACK is not embedded")
    with Infrastructure(stack="embedded") as started:
        yield started


@pytest.fixture(scope="module")
def stack(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("outage")
    with Stack(infrastructure, folder) as started:
        yield started


@pytest.fixture
async def story(stack: Stack) -> AsyncIterator[Story]:
    async with httpx.AsyncClient(timeout=20) as http:
        yield await Story(stack, http).open()


async def kill(stack: Stack, *names: str) -> None:
    for name in names:
        await asyncio.to_thread(stack.processes[name].kill)


async def start(stack: Stack, *names: str) -> None:
    for name in names:
        if not stack.processes[name].alive:
            await asyncio.to_thread(stack.processes[name].start)
    for name in names:
        health = "livez" if name in ("mailbox", "issuer") else "readyz"
        await asyncio.to_thread(stack.processes[name].wait_ready, f"{stack.url(name)}/{health}", 60)


@asynccontextmanager
async def without(stack: Stack, *names: str, kafka: Infrastructure | None = None) -> AsyncIterator[None]:
    """These processes are dead, and Kafka where its infrastructure is given."""
    await kill(stack, *names)
    if kafka:
        await asyncio.to_thread(kafka.kafka.kill)
    try:
        yield
    finally:
        if kafka:
            await asyncio.to_thread(kafka.kafka.launch)
        await start(stack, *names)
        if kafka:
            await asyncio.to_thread(kafka.kafka.wait_ready)


async def sinks(story: Story, client: UUID, decision_id: str) -> dict[str, bool]:
    """Which of them are through."""
    path = f"/v1/clients/{client}/opt-outs/{decision_id}"
    answer = await story.call("consent", "GET", path, story.token("client", client))
    assert answer.status_code == 200, answer.text
    return {receipt["sink"]: bool(receipt["done_at"]) for receipt in answer.json()["receipts"]}


async def proven(story: Story, client: UUID) -> dict[str, Any]:
    """The proof of the opt-out that stands, once it says so."""
    decision_id = (await story.sharing(client))["decision_id"]
    keys = (await story.http.get(f"{story.stack.url('consent')}/v1/ledger/keys")).json()
    path = f"/v1/clients/{client}/opt-outs/{decision_id}/proof"

    async def effective() -> dict[str, Any] | None:
        answer = await story.call("consent", "GET", path, story.token("client", client))
        proof = verify_with(keys, "opt-out-proof+jwt", answer.json()["jws"])
        return proof if proof["propagation"]["status"] in ("effective", "complete") else None

    found: dict[str, Any] = await eventually(effective, 60)
    return found


async def on_topic(story: Story, *clients: UUID) -> None:
    """Until their records have gone out on the partner topic as well."""

    async def published() -> bool:
        for client in clients:
            answer = await story.call("reporting", "GET", f"/v1/clients/{client}/disclosures", story.token("client", client))
            if not any(item["path"] == "partner_topic" for item in answer.json()["items"]):
                return False
        return True

    await eventually(published)


@pytest.mark.timeout(200)
async def test_C4_an_opt_out_needs_nobody_else_and_takes_effect_when_they_are_back(
    story: Story, stack: Stack, infrastructure: Infrastructure
) -> None:
    """Consent2Share: revoking took a user service, a PDF and a FHIR call, and terms accepted; its v2 gave up after three failures.
    ABDM: the database and then the broker, so what was acknowledged in between was never broadcast."""
    by_portal, by_link, by_mail, staying = [await story.sharing_client() for _ in range(4)]
    await on_topic(story, by_portal, by_link, by_mail, staying)
    manifest = await story.export_of(4)
    jane = await writer(story, by_mail)
    link = await story.call("consent", "POST", f"/v1/clients/{by_link}/opt-out-links", story.token("client", by_link))
    async with without(stack, *EVERYBODY_ELSE, kafka=infrastructure):
        opt_out = await story.opt_out(by_portal, wait=0)
        assert (opt_out["status"], bool(opt_out["receipt"])) == ("recorded", True)
        assert (await story.http.post(link.json()["url"])).status_code == 200
        await jane.write("Please opt me out.")
        await becomes(story, by_mail, "opted_out")
        await kill(stack, "consent")
    await start(stack, "consent")
    for client in (by_portal, by_link, by_mail):
        assert (await story.sharing(client))["decision"] == "opted_out"
        await proven(story, client)
    after = await story.manifest(manifest["export_id"])
    assert (len(await story.deleted(after)), len(await story.lines(after)), len(await export_now(story))) == (3, 1, 1)
    await answers_are_sent(stack.database("consent"))
    assert "You have opted out" in (await jane.answer())["headers"]["subject"]


@pytest.mark.timeout(200)
async def test_C9_while_the_broker_is_away_the_sinks_that_can_are_through_and_the_others_are_not_said_to_be(
    story: Story, stack: Stack, infrastructure: Infrastructure
) -> None:
    """Fides #7557: one status for several connections; "complete" meant that the call did not raise."""
    client = await story.sharing_client()
    await on_topic(story, client)
    manifest = await story.export_of(1)
    async with without(stack, kafka=infrastructure):
        opt_out = await story.opt_out(client, wait=0)

        async def redacted() -> bool:
            return (await sinks(story, client, opt_out["decision_id"]))["export_rows"]

        await eventually(redacted)  # told over HTTP, both ways
        assert await sinks(story, client, opt_out["decision_id"]) == {
            "export_rows": True, "partner_topic": False, "recall_sent": False, "recall_acknowledged": False, "recall_attested": False,
        }  # fmt: skip
        assert (await story.manifest(manifest["export_id"]))["output"] == []
        assert (await story.opt_out(client, wait=0))["status"] == "recorded"
    proof = await proven(story, client)
    assert proof["propagation"]["status"] == "effective"


@pytest.mark.timeout(200)
async def test_invariants_3_5_an_outage_of_consent_brings_no_older_permit_back(story: Story, stack: Stack) -> None:
    """LEAP-CDS H: a newer deny that could not be fetched was swallowed as NO_CONSENT, and the older permit counted again."""
    client = await story.sharing_client()
    other = await story.sharing_client()
    before = await story.export_of(2)
    plan = await story.partner.bearer()
    await kill(stack, "reporting")
    await story.opt_out(client, wait=0)
    async with without(stack, "consent"):
        await start(stack, "reporting")  # which knows of the permits only
        for part in before["output"]:
            refused = await story.http.get(part["url"], headers=plan)
            assert (refused.status_code, "freshness_not_proven" in refused.text) == (503, True)
        waiting = (await story.export_attempt()).headers["content-location"]
        assert (await story.http.get(waiting, headers=plan)).status_code == 202, "it is not refused, it waits"
    await proven(story, client)
    held = await story.lines(await story.partner.manifest(waiting))
    assert (len(held), len(await export_now(story))) == (1, 1), "the other's"
    assert (await story.sharing(other))["shared"] is True


@pytest.mark.timeout(200)
async def test_C2_C4_a_first_choice_that_an_outage_delayed_undoes_no_later_opt_out(story: Story, stack: Stack) -> None:
    """LEAP-CDS E and H together: the permit is the older one, and arrives last."""
    client = await story.client()
    await story.settled()
    await kill(stack, "consent")
    queued = await story.request(client, "opt_in")
    assert queued.json()["sharing"]["delivery"] == "queued"
    await kill(stack, "scheduling")
    await start(stack, "consent")
    opt_out = await story.opt_out(client, wait=0)
    await start(stack, "scheduling")
    await applied(story, client)
    assert (await story.sharing(client))["decision_id"] == opt_out["decision_id"]
    assert [line["type"] for line in await ledger_of(story, client)] == ["consent.opted_out.v1"]
    await proven(story, client)
    await story.settled()
    assert (await story.export())["output"] == []


async def applied(story: Story, client: UUID) -> None:
    """Until consent has taken all of scheduling's stream of this client."""
    operations = story.token("operations")
    heads = (await story.call("scheduling", "GET", "/v1/journal/heads", operations)).json()["heads"]

    async def caught_up() -> bool:
        items = (await story.call("consent", "GET", "/v1/applied/scheduling", operations)).json()["items"]
        at = {str(item["stream"]): item["position"] for item in items}
        return all(at.get(stream, 0) >= position for stream, position in heads.items())

    await eventually(caught_up)


@pytest.mark.timeout(200)
async def test_C4_an_opt_out_of_somebody_unknown_outlasts_every_process(story: Story, stack: Stack) -> None:
    """Fides: a request without an identity was skipped, and one whose worker died stayed `in_processing` for ever (#8252, #8253)."""
    client = uuid4()
    async with without(stack, "reporting"):
        opt_out = await story.opt_out(client, wait=0)
        assert opt_out["status"] == "recorded"
        await kill(stack, "consent")
        await start(stack, "consent")
        again = await story.opt_out(beside(client), wait=0)
        assert again["place"]["position"] > opt_out["place"]["position"]
    assert (await proven(story, client))["record_id"] == opt_out["decision_id"]


@pytest.mark.timeout(200)
async def test_C4_every_mail_that_250_was_said_for_is_there_once_and_acted_upon_and_answered(
    story: Story, stack: Stack, infrastructure: Infrastructure
) -> None:
    everybody, over = await gateways.senders(story), asyncio.Event()
    await asyncio.gather(gateways.disturb(stack, infrastructure, everybody, over), *(sender.write_until(over) for sender in everybody))
    heard = sum((sender.refusals for sender in everybody), Counter())
    assert set(heard) == {"451", "cut off"}, "and nothing that makes a gateway give up"
    connection = await asyncpg.connect(stack.database("consent"))
    await gateways.check_that_nothing_waits(connection)
    await gateways.check_the_table(connection, everybody)
    for sender in everybody:
        if sender.client:
            plain = sender.text == gateways.CLEAR and sender.passes
            assert await decision(story, sender.client) == ("opted_out" if plain else "suspended"), sender
    await gateways.check_the_answers(stack, everybody)
    await connection.close()
    print(f"{sum(len(sender.taken) for sender in everybody)} mails, {gateways.KILLS} kills, {dict(heard)}")
