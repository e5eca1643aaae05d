"""Sealed mode on the real stack (acceptance 5): what the plan took opens while the consent stands, and by no call to us afterwards."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import Stack
from reporting.sealing.epochs import begun_at, epochs
from reporting.sealing.rotation import turn
from reporting.sealing.tables import Wrapped
from reporting.sealing.wrapping import unwrap
from tests.reporting.partner_topics.reading import states
from tests.reporting.sealing.recipient import ask, download, keys_for, keys_path, opened, token_of
from tests.reporting.sealing.search import everything, forms, where
from tests.story import Story, eventually


async def with_sealed_values(stack: Stack, http: httpx.AsyncClient) -> Story:
    story = await Story(stack, http).open()
    await story.partner.register(story.token("operations"), sealed=True)
    return story


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await with_sealed_values(stack, http)


async def fetch(story: Story, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(story.stack.database("reporting"))
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


async def opt_out(story: Story, client: UUID) -> str:
    """Effective when it returns."""
    decision_id = str((await story.opt_out(client))["decision_id"])
    path = f"/v1/clients/{client}/opt-outs/{decision_id}"

    async def effective() -> bool:
        answer = await story.call("consent", "GET", path, story.token("client", client))
        return bool(answer.json()["status"] in ("effective", "complete"))

    await eventually(effective)
    return decision_id


async def copies_of(story: Story, **parameters: Any) -> list[Any]:
    return await download(story, await story.export_of(1, **parameters))


async def test_what_is_opened_is_what_would_have_left_in_the_clear(story: Story) -> None:
    for _ in range(3):
        await story.sharing_client()
    copies = await copies_of(story)
    assert {copy["resourceType"] for copy in copies} == {"Binary"}
    keys = await keys_for(story, copies)
    assert len(keys) == 3
    found = [opened(copy, keys) for copy in copies]
    await story.partner.register(story.token("operations"), sealed=False)
    plain = await story.partner.resources(await story.export())
    assert sorted(found, key=str) == sorted(plain, key=str)
    assert {resource["resourceType"] for resource in plain} > {"Patient", "Observation"}


async def test_a_manifest_of_sealed_files_says_binary_and_parquet_is_refused(story: Story) -> None:
    await story.sharing_client()
    manifest = await story.export_of(1)
    assert {part["type"] for part in manifest["output"]} == {"Binary"}
    refused = await story.export_attempt(_outputFormat="application/vnd.apache.parquet")
    assert (refused.status_code, refused.json()["issue"][0]["code"]) in {(400, "not-supported"), (422, "not-supported")}, refused.text


async def test_organised_by_patient_the_header_of_a_block_holds_the_token_and_nothing_else(story: Story) -> None:
    await story.sharing_client()
    header, *copies = await copies_of(story, organizeOutputBy="Patient")
    assert header["resourceType"] == "Parameters"
    assert {copy["resourceType"] for copy in copies} == {"Binary"}
    assert header["parameter"][0]["valueReference"]["reference"] == f"Patient/{token_of(copies[0])}"


async def test_R5_after_an_opt_out_a_copy_cannot_be_opened_by_any_call(story: Story) -> None:
    client, _ = await story.sharing_client(), await story.sharing_client()
    copies = await copies_of(story)
    before = await keys_for(story, copies)
    assert all(opened(copy, before) for copy in copies)
    [gone] = [row["token"] for row in await fetch(story, "select token from sharing where client_id = $1", client)]
    await opt_out(story, client)
    lost = [copy for copy in copies if token_of(copy) == str(gone)]
    assert lost
    for path in {keys_path(copy) for copy in copies}:
        answer = await ask(story, path, str(gone))
        assert (answer.status_code, answer.json()["code"], answer.json()["gone"]) == (410, "key_destroyed", [str(gone)])
        assert answer.headers["cache-control"] == "no-store"
    assert not await fetch(story, "select 1 from sealing_key where token = $1", gone)
    after = await keys_for(story, copies)
    assert set(after) == set(before) - {str(gone)}
    with pytest.raises(KeyError):
        opened(lost[0], after)
    assert all(opened(copy, after) for copy in copies if copy not in lost), "the others' still open"
    await story.decide(client, "opt_in", None)
    await story.settled()
    assert str(gone) not in await keys_for(story, await copies_of(story)), "a new consent has a new key"
    assert (await ask(story, keys_path(lost[0]), str(gone))).status_code == 410


async def test_R5_the_topic_holds_sealed_states_that_go_dark_with_the_tombstone(stack: Stack, story: Story) -> None:
    client = await story.sharing_client()
    await eventually(lambda: states(stack, story.partner.slug))
    await story.settled()
    state = (await states(stack, story.partner.slug))[-1]
    assert state.value is not None
    assert state.value["resourceType"] == "Binary"
    bundle = opened(state.value, await keys_for(story, [state.value]))
    assert (bundle["resourceType"], bundle["identifier"]["value"]) == ("Bundle", state.key)
    await opt_out(story, client)
    last = (await states(stack, story.partner.slug))[-1]
    assert (last.key, last.value) == (state.key, None)
    assert await keys_for(story, [state.value]) == {}


async def test_C16_a_sealed_state_that_did_not_change_is_not_sent_again(stack: Stack, story: Story) -> None:
    client = await story.sharing_client()
    await eventually(lambda: states(stack, story.partner.slug))
    await story.settled()

    async def nothing_waits() -> bool:
        return not await fetch(story, "select 1 from partner_dirty where client_id = $1", client)

    await eventually(nothing_waits)
    sent = len(await states(stack, story.partner.slug))
    await fetch(
        story,
        "insert into partner_dirty (client_id, programme, stream) select client_id, programme, stream from sharing where client_id = $1",
        client,
    )
    await eventually(nothing_waits)
    assert len(await states(stack, story.partner.slug)) == sent


async def test_C5_keys_are_for_the_recipient_of_the_values_alone(stack: Stack, http: httpx.AsyncClient, story: Story) -> None:
    await story.sharing_client()
    copies = await copies_of(story)
    path, token = keys_path(copies[0]), token_of(copies[0])
    stranger = await with_sealed_values(stack, http)
    theirs, unknown = await ask(stranger, path, token), await ask(stranger, path, str(uuid4()))
    assert (theirs.status_code, theirs.json()["code"]) == (unknown.status_code, unknown.json()["code"]) == (410, "key_destroyed")
    told = await ask(story, path, token, caller=story.token("plan", story.plan))
    assert (told.status_code, told.json()["code"]) == (403, "insufficient_scope")
    for role in ("client", "employer", "provider", "operations", "privacy_officer", "service"):
        assert (await ask(story, path, token, caller=story.token(role))).status_code == 403
    stream = int(path.rpartition("/")[2])
    assert (await ask(story, f"/v1/sealing-keys/{(stream + 1) % 16}", token)).status_code == 410, "of another stream: another lock"
    assert (await ask(story, "/v1/sealing-keys/4000", token)).status_code == 410
    assert (await ask(story, path, *(str(uuid4()) for _ in range(151)))).status_code == 422
    mixed = await ask(story, path, token, lost := str(uuid4()))
    assert (mixed.status_code, [k["kid"] for k in mixed.json()["keys"]], mixed.json()["gone"]) == (200, [token], [lost])
    assert mixed.headers["cache-control"] == "no-store"


async def test_C9_each_key_is_on_record_and_its_opt_out_recalls_it(story: Story) -> None:
    client = await story.sharing_client()
    copies = await copies_of(story)
    await keys_for(story, copies)
    rows = await fetch(story, "select * from disclosure where client_id = $1 and path = 'sealing_key'", client)
    assert [(row["records"], row["recipient_id"], row["purpose"]) for row in rows] == [
        (0, story.plan, "personalised_health_recommendations")
    ]
    answer = await story.call("reporting", "GET", f"/v1/clients/{client}/disclosures", story.token("client", client))
    assert "sealing_key" in {item["path"] for item in answer.json()["items"]}
    decision_id = await opt_out(story, client)
    rows = await fetch(story, "select recalled_by from disclosure where client_id = $1", client)
    assert {str(row["recalled_by"]) for row in rows} == {decision_id}


async def test_invariant_4_of_a_parked_client_no_key_is_given(story: Story) -> None:
    client = await story.sharing_client()
    copies = await copies_of(story)
    assert await keys_for(story, copies)
    await fetch(story, "insert into parked_client (source, client_id, reason) values ('consent', $1, 'a test')", client)
    try:
        assert await keys_for(story, copies) == {}
    finally:
        await fetch(story, "delete from parked_client where client_id = $1", client)


async def test_no_key_is_in_any_log_topic_dump_or_file_beyond_its_epoch(stack: Stack, story: Story) -> None:
    client = await story.sharing_client()
    await story.sharing_client()
    copies = await copies_of(story)
    keys = {token: base64.urlsafe_b64decode(k + "=") for token, k in (await keys_for(story, copies)).items()}
    rows = await fetch(story, "select token, epoch, wrapped from sealing_key where token = any($1::uuid[])", list(keys))
    dump = {str(row["token"]): Wrapped(**row) for row in rows}
    assert dump.keys() == keys.keys()
    await opt_out(story, client)
    found = await everything(stack)
    wrapped = where(found, [row.wrapped for row in dump.values()])
    assert "reporting.sealing_key (binary)" in wrapped, "the search finds what is there"
    if any(place.startswith("pg_wal/") for place in found):
        assert any(place.startswith("pg_wal/") for place in wrapped), "and in the WAL"
    assert where(found, [form for key in keys.values() for form in forms(key)]) == set()

    folder = stack.folder / "sealing"
    assert all(opens(folder, row) == keys[token] for token, row in dump.items()), "within the epoch: the stated window"
    await end_epoch(stack)
    assert all(opens(folder, row) is None for row in dump.values())
    assert set(await keys_for(story, copies)) == {t for t in keys if t not in await ended(story, client)}, "who shares keeps the key"
    assert where(await everything(stack), [form for key in keys.values() for form in forms(key)]) == set()


def opens(folder: Any, row: Wrapped) -> bytes | None:
    """By any file of the folder, under any name."""
    files = [file.read_bytes() for file in folder.iterdir()]
    tried = (unwrap(key, Wrapped(row.token, name, row.wrapped)) for key in files for name in {row.epoch, *epochs(folder)})
    return next((key for key in tried if key), None)


async def end_epoch(stack: Stack) -> None:
    """As the leader does it, before its time."""
    folder = stack.folder / "sealing"
    [epoch] = epochs(folder)
    connection = await asyncpg.connect(stack.database("reporting"))
    try:
        await turn(connection, folder, 24, begun_at(epoch) + timedelta(hours=24))
    finally:
        await connection.close()

    async def over() -> bool:
        return epoch not in epochs(folder)

    await eventually(over)


async def ended(story: Story, client: UUID) -> set[str]:
    return {str(row["token"]) for row in await fetch(story, "select token from recipient_token where client_id = $1", client)}
