"""Receipts as proof: each decision's signed receipt, each opt-out's proof of propagation that grows as sinks answer."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from common.contracts.vocabulary import Sink
from consent.ledger.signing import verify_with
from tests.story import NOTICE, Story, eventually

RECEIPT, PROOF = "consent-receipt+jwt", "opt-out-proof+jwt"


async def keys(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = (await story.http.get(f"{story.stack.url('consent')}/v1/ledger/keys")).json()
    return found


async def proof(story: Story, client: UUID, decision_id: str) -> dict[str, Any]:
    answer = await story.call("consent", "GET", f"/v1/clients/{client}/opt-outs/{decision_id}/proof", story.token("client", client))
    assert answer.status_code == 200, answer.text
    verified = verify_with(await keys(story), PROOF, answer.json()["jws"])
    assert verified == answer.json()["record"]
    return verified


async def test_C11_a_receipt_names_the_notice_the_categories_the_recipient_and_the_line_in_the_ledger(story: Story) -> None:
    client = await story.client()
    await story.request(client, "decline")
    decided = (await story.decide(client, "opt_in", 1, categories=["satisfaction", "appointments"])).json()
    record = verify_with(await keys(story), RECEIPT, decided["receipt"])
    assert record["record_id"] == decided["decision_id"]
    assert record["pii_principal_id"] == str(client)
    assert record["privacy_notice"] == {"version": "2026-01", "language": "en", "digest_sha256": NOTICE}
    (processing,) = record["pii_processing"]
    assert processing["pii_information"] == ["appointments", "satisfaction"]
    assert (processing["recipient_third_parties"], processing["purpose"]) == (["health_plan"], "personalised_health_recommendations")
    again = await story.call(
        "consent", "GET", f"/v1/clients/{client}/decisions/{decided['decision_id']}/receipt", story.token("client", client)
    )
    assert again.json()["record"] == record, "issued again from the ledger, it says the same"


@pytest.mark.parametrize("choice", ["decline", "opt_out", "withdrawal"])
async def test_C4_every_kind_of_decision_yields_a_receipt(story: Story, choice: str) -> None:
    client = await story.client() if choice == "decline" else await story.sharing_client()
    if choice == "decline":
        await story.request(client, "decline")
        state = await story.sharing(client)
        path = f"/v1/clients/{client}/decisions/{state['decision_id']}/receipt"
        receipt = (await story.call("consent", "GET", path, story.token("client", client))).json()["jws"]
    elif choice == "opt_out":
        receipt = (await story.opt_out(client))["receipt"]
    else:
        body = {"categories": ["satisfaction"], "programme": "care_connect"}
        answer = await story.call("consent", "POST", f"/v1/clients/{client}/withdrawals", story.token("client", client), json=body)
        receipt = answer.json()["items"][0]["receipt"]
    kinds = {"decline": "consent_refused", "opt_out": "consent_withdrawn", "withdrawal": "consent_partly_withdrawn"}
    assert verify_with(await keys(story), RECEIPT, receipt)["event"]["event_type"] == kinds[choice]


async def test_C4_C9_the_proof_of_an_opt_out_grows_as_sinks_answer(story: Story) -> None:
    client = await story.sharing_client()
    manifest = await story.export_of(1)
    await story.lines(manifest)
    opt_out = await story.opt_out(client)
    first = await proof(story, client, opt_out["decision_id"])
    sinks = {sink["sink"]: sink for sink in first["propagation"]["sinks"]}
    assert set(sinks) == set(Sink), "every registered sink is in it"
    assert first["propagation"]["status"] == "effective"
    assert (sinks["export_rows"]["state"], sinks["export_rows"]["records"]) == ("done", 4), (
        "the Patient, the Consent, the score and the form behind it"
    )
    assert sinks["recall_sent"]["state"] == "done"
    assert {sinks[sink]["state"] for sink in ("recall_acknowledged", "recall_attested")} == {"pending"}
    assert first["ledger"] == {name: opt_out["place"][name] for name in ("stream", "position", "digest")}
    plan = story.token("plan", story.plan)
    (recall,) = (await story.call("reporting", "GET", "/v1/recalls", plan)).json()["items"]
    await story.delete_recalled(recall["recall_id"])

    async def complete() -> dict[str, Any] | None:
        grown = await proof(story, client, opt_out["decision_id"])
        return grown if grown["propagation"]["status"] == "complete" else None

    grown = await eventually(complete)
    evidence = [sink["evidence"] for sink in grown["propagation"]["sinks"]]
    entries = await story.call(
        "reporting", "GET", f"/v1/journal/streams/{grown['ledger']['stream']}/entries?limit=1000", story.token("privacy_officer")
    )
    journal = {entry["position"]: entry["event_id"] for entry in entries.json()["items"]}
    assert all(journal[found["position"]] == found["event_id"] for found in evidence), "each answer stands in reporting's journal"


async def test_C9_somebody_elses_receipt_or_proof_is_not_there(story: Story) -> None:
    client, other = await story.sharing_client(), uuid4()
    opt_out = await story.opt_out(client)
    for what in (f"decisions/{opt_out['decision_id']}/receipt", f"opt-outs/{opt_out['decision_id']}/proof"):
        for path, caller in ((client, other), (other, other)):
            answer = await story.call("consent", "GET", f"/v1/clients/{path}/{what}", story.token("client", caller))
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
