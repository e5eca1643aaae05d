"""What other systems make of somebody they do not know, or tell strangers, tried on ours: Fides, Consent2Share."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from common.contracts.vocabulary import Sink
from tests.records import EVERY, beside, export_now, fill, register
from tests.story import NOTICE, Story, eventually


async def test_C4_an_opt_out_of_a_client_nobody_has_told_us_of_is_recorded_and_holds_when_the_client_appears(story: Story) -> None:
    """Fides: a missing identity meant that the request was skipped (#2375)."""
    client = uuid4()
    opt_out = await story.opt_out(client)
    assert (opt_out["status"], bool(opt_out["receipt"])) == ("complete", True)
    await register(story, client)
    await fill(story, client, "opt_in", categories=EVERY)
    state = await story.sharing(client)
    assert (state["decision"], state["decision_id"]) == ("opted_out", opt_out["decision_id"]), "chosen on version 0, which was no more"
    assert await export_now(story) == []
    taken = await story.decide(client, "opt_in", state["version"], categories=["satisfaction"])
    assert taken.json()["shared"] is True
    assert [line["category"] for line in await export_now(story)] == ["satisfaction"]


async def test_C1_C11_an_opt_in_of_somebody_unknown_or_on_a_missing_notice_is_never_taken_for_one(story: Story) -> None:
    """Fides: without an identity, or where looking it up failed, processing "proceeds"."""
    nobody, client = uuid4(), await story.client()
    unknown = await story.decide(nobody, "opt_in", 0)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_client")
    no_notice = await story.request(client, "opt_in", notice_digest="f" * 64)
    assert (no_notice.status_code, no_notice.json()["code"]) == (409, "notice_not_current")
    for each in (nobody, client):
        assert (await story.sharing(each))["shared"] is False
    assert await export_now(story) == []


async def receipts(story: Story, client: UUID, decision_id: str) -> dict[str, dict[str, Any]]:
    answer = await story.call("consent", "GET", f"/v1/clients/{client}/opt-outs/{decision_id}", story.token("client", client))
    return {receipt["sink"]: receipt for receipt in answer.json()["receipts"]}


async def test_C9_every_sink_has_a_status_of_its_own_for_every_opt_out(story: Story) -> None:
    """Fides #7557: the status was kept per system, so two connections of one system overwrote each other."""
    client = await story.sharing_client()
    await story.lines(await story.export_of(1))
    first = await story.opt_out(client)
    before = await receipts(story, client, first["decision_id"])
    assert set(before) == set(Sink)
    assert {sink: bool(receipt["done_at"]) for sink, receipt in before.items()} == {
        "export_rows": True, "partner_topic": True, "recall_sent": True, "recall_acknowledged": False, "recall_attested": False,
    }  # fmt: skip
    await story.decide(client, "opt_in", first["version"])
    second = await story.opt_out(client)
    assert second["status"] in ("effective", "complete")
    assert await receipts(story, client, first["decision_id"]) == before, "the next opt-out has its own places"
    plan = story.token("plan", story.plan)
    for recall in (await story.call("reporting", "GET", "/v1/recalls", plan)).json()["items"]:
        await story.call("reporting", "POST", f"/v1/recalls/{recall['recall_id']}/acknowledgement", plan)

    async def acknowledged() -> bool:
        return bool((await receipts(story, client, first["decision_id"]))["recall_acknowledged"]["done_at"])

    await eventually(acknowledged)
    after = await receipts(story, client, first["decision_id"])
    assert {sink: receipt for sink, receipt in after.items() if sink != "recall_acknowledged"} == {
        sink: receipt for sink, receipt in before.items() if sink != "recall_acknowledged"
    }


def as_told(answer: httpx.Response) -> tuple[Any, ...]:
    """All that a caller sees, but for the trace."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("traceparent", "date")}
    return (answer.status_code, headers, answer.text)


async def test_C6_C15_somebody_else_is_told_the_same_of_no_consent_and_of_no_client(story: Story) -> None:
    """Consent2Share had this right and its successors lost it: "no consent" and "no document" must not be told apart."""
    sharing, declined = await story.sharing_client(), await story.client()
    await story.request(declined, "decline")
    opted_out = beside(sharing)
    decision_id = (await story.opt_out(opted_out))["decision_id"]
    stranger, decision = story.token("client"), {"choice": "decline", "programme": "care_connect", "notice_digest": NOTICE}
    calls: list[tuple[str, str, str, Any]] = [
        ("consent", "GET", "sharing/care_connect", None),
        ("consent", "GET", "explanations/care_connect", None),
        ("consent", "GET", f"opt-outs/{decision_id}", None),
        ("consent", "GET", f"opt-outs/{decision_id}/proof", None),
        ("consent", "GET", f"decisions/{decision_id}/receipt", None),
        ("consent", "POST", "opt-outs", None),
        ("consent", "POST", "decisions", decision),
        ("consent", "POST", "withdrawals", {"categories": ["satisfaction"]}),
        ("consent", "POST", "opt-out-links", None),
        ("consent", "PUT", "mail-addresses", {"addresses": []}),
        ("reporting", "GET", "disclosures", None),
        ("reporting", "GET", "preview?programme=care_connect", None),
        ("scheduling", "GET", "", None),
    ]
    for service, method, what, body in calls:
        told = set()
        for client in (sharing, declined, opted_out, uuid4()):
            path = f"/v1/clients/{client}/{what}".rstrip("/")
            told.add(str(as_told(await story.call(service, method, path, stranger, json=body))))
        assert len(told) == 1, (method, what)
        assert "404" in told.pop(), (method, what)
    assert (await story.sharing(sharing))["shared"] is True


async def test_C6_the_plan_sees_the_same_where_nobody_shares_and_where_there_is_nobody(story: Story) -> None:
    """Consent2Share, to the recipient: nothing tells it who has declined, or that there is somebody who could."""
    empty = await story.export_of(0)
    declined = await story.client()
    await fill(story, declined, "decline")
    assert await export_now(story) == []
    seen = await story.export()
    assert (seen["output"], seen.get("deleted")) == (empty["output"], empty.get("deleted")) == ([], None)
