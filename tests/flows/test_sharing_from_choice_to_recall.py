"""A client's choice from the first request to the last copy: the main job, told as one person's story after the other."""

import asyncio
from uuid import UUID, uuid4

from tests.story import NOTICE, PURPOSE, WITHDRAWN, Story, eventually


async def test_C1_C2_only_who_opted_in_is_in_an_export(story: Story) -> None:
    sharing = await story.sharing_client()
    declining, undecided = await story.client(), await story.client()
    assert (await story.request(declining, "decline")).status_code == 201
    for client in (declining, undecided):
        await eventually(lambda client=client: story.answered(client))
    manifest = await story.export_of(1)
    lines = await story.lines(manifest)
    assert [line["category"] for line in lines] == ["satisfaction"]
    assert str(sharing) not in str(await story.partner.resources(manifest)), "no client id leaves"
    assert PURPOSE in str(manifest["extension"]), "C5: every export states what for"


async def test_C3_declining_changes_no_service(story: Story) -> None:
    answers = []
    for choice in ("opt_in", "decline"):
        client = await story.client()
        answer = await story.request(client, choice)
        body = answer.json()
        answers.append((answer.status_code, body["state"], sorted(body)))
        assert body["sharing"]["delivery"] == "recorded"
        assert (await story.sharing(client))["shared"] is (choice == "opt_in")
    assert answers[0] == answers[1]


async def test_C4_R5_an_opt_out_redacts_what_was_produced_and_recalls_what_was_taken(story: Story) -> None:
    client = await story.sharing_client()
    other = await story.sharing_client()
    manifest = await story.export_of(2)
    before = await story.lines(manifest)
    assert len({line["token"] for line in before}) == 2

    opt_out = await story.opt_out(client)
    assert opt_out["status"] == "effective", opt_out

    after = await story.manifest(manifest["export_id"])
    deleted = set(await story.deleted(after))
    assert len(deleted) == 1
    assert {line["token"] for line in await story.lines(after)} == {line["token"] for line in before} - deleted
    gone = [answer for part in manifest["output"] if (answer := await story.partner.file(part["url"])).status_code == 410]
    assert len(gone) == 4, "the files that held the Patient, the Consent, the score and the form behind it"
    assert "part_redacted" in gone[0].text
    assert (await story.sharing(other))["shared"] is True

    plan = story.token("plan", story.plan)
    recalls = (await story.call("reporting", "GET", "/v1/recalls", plan)).json()["items"]
    assert [recall["tokens"] for recall in recalls] == [list(deleted)]
    assert recalls[0]["exports"] == [manifest["export_id"]]
    for _ in range(2):
        await story.delete_recalled(recalls[0]["recall_id"])
    path = f"/v1/clients/{client}/opt-outs/{opt_out['decision_id']}"
    await eventually(lambda: has_status(story, path, client, "complete"))


async def has_status(story: Story, path: str, client: UUID, status: str) -> bool:
    answer = await story.call("consent", "GET", path, story.token("client", client))
    return bool(answer.json()["status"] == status)


async def test_C4_opting_out_is_idempotent_and_needs_nothing(story: Story) -> None:
    client = await story.sharing_client()
    first, *again = await asyncio.gather(*(story.opt_out(client) for _ in range(10)))
    assert {item["decision_id"] for item in again} == {first["decision_id"]}
    assert {item["place"]["position"] for item in again} == {first["place"]["position"]}, "one line in the ledger"
    on_what_was_shown_before = await story.decide(client, "opt_in", min(item["version"] for item in (first, *again)))
    assert on_what_was_shown_before.status_code == 412, "opting out again is a decision again: an opt-in under way does not undo it"
    stranger = uuid4()
    answer = await story.call("consent", "POST", f"/v1/clients/{stranger}/opt-outs", story.token("client", stranger))
    assert answer.status_code == 200, "a client nobody has told us of, no body at all, every programme"
    assert [item["programme"] for item in answer.json()["items"]] == ["care_connect", "emotional_wellbeing_solutions"]


async def test_C8_opting_in_again_includes_the_client_in_later_exports_and_revives_no_earlier_one(story: Story) -> None:
    client = await story.sharing_client()
    first = await story.export_of(1)
    opt_out = await story.opt_out(client)
    again = await story.decide(client, "opt_in", opt_out["version"])
    assert again.status_code == 200, again.text
    later = await story.export_of(1)
    token = (await story.lines(later))[0]["token"]
    earlier = await story.manifest(first["export_id"])
    assert earlier["output"] == []
    assert await story.deleted(earlier) not in ([], [token]), "a new consent has a new token"


async def test_invariant_5_a_late_retry_of_an_old_opt_in_cannot_undo_an_opt_out(story: Story) -> None:
    client = await story.sharing_client()
    version = (await story.sharing(client))["version"]
    await story.opt_out(client)
    late = await story.decide(client, "opt_in", version)
    assert (late.status_code, late.json()["code"]) == (412, "state_changed")
    missing = await story.decide(client, "opt_in", None)
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    assert (await story.sharing(client))["shared"] is False


async def test_C16_session_frequency_stays_out_unless_it_was_chosen_by_itself(story: Story) -> None:
    client = await story.client()
    request = (await story.request(client, "opt_in")).json()["request_id"]
    provider = story.token("provider", story.provider)
    await story.call("scheduling", "POST", f"/v1/consultation-requests/{request}/acceptance", provider, headers={"if-match": '"1"'})
    for day in (3, 10, 17):
        body = {"kind": "session", "starts_at": f"2026-03-{day:02}T15:00:00Z"}
        made = await story.call("scheduling", "POST", f"/v1/consultation-requests/{request}/appointments", provider, json=body)
        assert made.status_code == 201, made.text
    lines = await story.lines(await story.export_of(1))
    assert [line["kind"] for line in lines] == ["session"], "the first session is speed to care; the others are how often"

    await story.opt_out(client)
    version = (await story.sharing(client))["version"]
    await story.decide(client, "opt_in", version, categories=["appointments", "session_frequency"])
    lines = await story.lines(await story.export_of(3))
    assert sorted(line["category"] for line in lines) == ["appointments", "session_frequency", "session_frequency"]


async def test_C9_a_client_sees_what_was_disclosed_and_that_it_was_recalled(story: Story) -> None:
    client = await story.sharing_client()
    manifest = await story.export_of(1)
    await story.lines(manifest)
    opt_out = await story.opt_out(client)
    answer = await story.call("reporting", "GET", f"/v1/clients/{client}/disclosures", story.token("client", client))
    exports = [d for d in answer.json()["items"] if d["path"] == "export"]
    assert [(d["export_id"], d["purpose"], d["records"]) for d in exports] == [(manifest["export_id"], PURPOSE, 1)] * 4, (
        "Patient, Consent, score, form"
    )
    assert all(d["recalled_by"] == opt_out["decision_id"] for d in answer.json()["items"])


async def test_C11_a_decision_on_a_notice_that_is_not_current_is_refused_and_nothing_is_kept(story: Story) -> None:
    client = await story.client()
    for digest in (WITHDRAWN, "0" * 64):
        answer = await story.request(client, "opt_in", notice_digest=digest)
        assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (409, "notice_not_current", "C11")
    assert (await story.sharing(client))["decision"] is None
    assert (await story.request(client, "decline", notice_digest=NOTICE)).status_code == 201, "it is still the first request"
