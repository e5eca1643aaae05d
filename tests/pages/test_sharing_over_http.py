""" "My data sharing" as it goes over the wire: what is shown, what a form does, and what is refused."""

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from consent.ledger.signing import verify_with
from consent.receipts.rules import PROOF_TYPE, RECEIPT_TYPE
from demo.partner import category_of
from tests.pages.visitor import Forms, Visitor
from tests.story import NOTICE, Story, as_previewed, eventually

DEFAULTS = ["appointments", "assessment_results", "satisfaction"]


async def undecided(story: Story) -> tuple[UUID, Visitor]:
    client = await story.client()

    async def known() -> bool:
        return (await story.decide(client, "opt_in", 7)).status_code == 412

    await eventually(known)
    return client, await Visitor.signs_in(story, "client", client)


def assert_page(answer: httpx.Response, status: int, language: str = "en") -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<html lang="{language}">' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "same-origin")
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.text


async def test_C2_nothing_is_pre_ticked(story: Story) -> None:
    _, visitor = await undecided(story)
    boxes = Forms(assert_page(await visitor.get(), 200)).boxes
    assert len(boxes) == 10, "five categories in each of two programmes"
    assert not any(ticked for _, ticked in boxes)


async def test_C16_session_frequency_is_never_ticked_for_the_client(story: Story) -> None:
    client = await story.sharing_client()
    visitor = await Visitor.signs_in(story, "client", client)
    html = (await visitor.get()).text
    assert [value for value, ticked in Forms(html).boxes if ticked] == DEFAULTS
    await visitor.choose([*DEFAULTS, "session_frequency"])
    assert "session_frequency" in (await story.sharing(client))["categories"], "only the client's own tick does it"


async def test_C11_the_decision_names_the_digest_of_the_text_on_the_page(story: Story) -> None:
    client, visitor = await undecided(story)
    html = (await visitor.get()).text
    shown = html.split('<div class="notice" lang="en">')[1].split("</div>")[0]
    answer = await visitor.choose(["satisfaction"])
    assert answer.status_code == 303, answer.text
    state = await story.sharing(client)
    assert state["notice_digest"] == NOTICE == sha256(shown.encode()).hexdigest(), "character by character"
    assert (state["shared"], state["categories"]) == (True, ["satisfaction"])
    assert "done.opted_in" not in assert_page(await visitor.get(answer.headers["location"]), 200)


async def test_C11_what_was_decided_in_spanish_names_the_spanish_text(story: Story) -> None:
    client, visitor = await undecided(story)
    html = assert_page(await visitor.get(f"{visitor.area}?lang=es"), 200, "es")
    form = Forms(html).to("/decisions", "care_connect")
    answer = await visitor.choose(["satisfaction"], form=form)
    assert "lang=es" in answer.headers["location"]
    assert (await story.sharing(client))["notice_digest"] == form.value("notice_digest") != NOTICE


async def test_C2_saying_no_is_one_button(story: Story) -> None:
    client, visitor = await undecided(story)
    assert (await visitor.choose([], "decline")).status_code == 303
    assert (await story.sharing(client))["decision"] == "declined"
    assert 'value="decline"' not in (await visitor.get()).text.split('id="emotional')[0], "it was said"


async def test_C2_saving_nothing_decides_nothing(story: Story) -> None:
    client, visitor = await undecided(story)
    assert "Nothing was ticked" in assert_page(await visitor.choose([]), 422)
    assert (await story.sharing(client))["decision"] is None


async def test_C17_what_is_unticked_is_withdrawn_and_what_is_added_is_an_opt_in(story: Story) -> None:
    client = await story.sharing_client()
    visitor = await Visitor.signs_in(story, "client", client)
    narrowed = await visitor.choose(["appointments", "assessment_results"])
    assert "/opt-outs/" in narrowed.headers["location"]
    assert (await story.sharing(client))["categories"] == ["appointments", "assessment_results"]
    changed = await visitor.choose(["appointments", "contact_and_demographics"])
    assert "/opt-outs/" in changed.headers["location"]
    state = await story.sharing(client)
    assert (state["shared"], state["categories"]) == (True, ["appointments", "contact_and_demographics"])
    same = await visitor.choose(["appointments", "contact_and_demographics"])
    assert "nothing_changed" in same.headers["location"]
    assert (await story.sharing(client))["version"] == state["version"]
    await visitor.choose([])
    assert (await story.sharing(client))["decision"] == "opted_out", "unticking the last one is opting out"


async def test_C4_an_opt_in_on_what_was_shown_before_is_refused_and_the_new_state_is_shown(story: Story) -> None:
    client, visitor = await undecided(story)
    form = await visitor.choice()
    await story.opt_out(client)
    html = assert_page(await visitor.choose(["satisfaction"], form=form), 412)
    assert "Your sharing has changed" in html and "You stopped sharing" in html
    assert (await story.sharing(client))["decision"] == "opted_out"
    assert int(Forms(html).to("/decisions", "care_connect").value("version")) == (await story.sharing(client))["version"]


async def test_C4_what_was_unticked_on_a_stale_page_is_stopped_all_the_same_and_nothing_is_opened(story: Story) -> None:
    client = await story.sharing_client()
    visitor = await Visitor.signs_in(story, "client", client)
    form = await visitor.choice()
    version = (await story.sharing(client))["version"]
    await story.decide(client, "opt_in", version, categories=[*DEFAULTS, "contact_and_demographics"])
    html = assert_page(await visitor.choose(["appointments", "assessment_results", "session_frequency"], form=form), 412)
    assert "has been stopped all the same" in html
    kept = ["appointments", "assessment_results", "contact_and_demographics"]
    assert (await story.sharing(client))["categories"] == kept, "what was ticked elsewhere meanwhile was not on this page"


async def test_C4_pressing_twice_is_pressing_once(story: Story) -> None:
    client, visitor = await undecided(story)
    form = await visitor.choice()
    for _ in range(2):
        assert (await visitor.choose(["satisfaction"], form=form)).status_code == 303
    assert (await story.sharing(client))["version"] == 1


async def test_C4_C9_history_shows_every_decision_with_its_receipt_which_verifies(story: Story) -> None:
    client = await story.sharing_client()
    await story.opt_out(client)
    visitor = await Visitor.signs_in(story, "client", client)
    html = (await visitor.get()).text
    keys = (await story.http.get(f"{story.stack.url('consent')}/v1/ledger/keys")).json()
    decisions = [part.split('"')[0] for part in html.split('data-decision="')[1:]]
    assert len(decisions) == 2
    for decision, kind in zip(decisions, ("consent_withdrawn", "consent_given"), strict=True):
        answer = await visitor.get(f"{visitor.area}/decisions/{decision}/receipt")
        assert answer.headers["content-disposition"] == f'attachment; filename="receipt-{decision}.jws"'
        record = verify_with(keys, RECEIPT_TYPE, answer.text)
        assert (record["record_id"], record["event"]["event_type"]) == (decision, kind)
        assert f"line {record['ledger']['position']}" in html
    proof = verify_with(keys, PROOF_TYPE, (await visitor.get(f"{visitor.area}/opt-outs/{decisions[0]}/proof")).text)
    assert proof["propagation"]["status"] in ("effective", "complete")


async def test_C4_history_says_who_acted_on_behalf(story: Story) -> None:
    client, officer = await story.sharing_client(), uuid4()
    on_behalf = {"asked_by": "personal_representative", "identity_check": "called_back"}
    path = f"/v1/clients/{client}/opt-outs"
    await story.call("consent", "POST", path, story.token("privacy_officer", officer), json={"on_behalf": on_behalf})
    html = (await (await Visitor.signs_in(story, "client", client)).get()).text
    assert str(officer) in html and "a personal representative" in html and "called back" in html


async def test_C9_another_clients_opt_out_and_receipt_are_not_visible(story: Story) -> None:
    client = await story.sharing_client()
    decision = (await story.opt_out(client))["decision_id"]
    stranger = await Visitor.signs_in(story, "client", uuid4())
    own = await story.call("consent", "POST", f"/v1/clients/{(other := uuid4())}/opt-outs", story.token("client", other))
    visitor = await Visitor.signs_in(story, "client", other)
    mine = own.json()["items"][0]["decision_id"]
    assert_page(await visitor.get(f"{visitor.area}/opt-outs/{mine}"), 200)
    for path in (f"opt-outs/{decision}", f"opt-outs/{mine}?also={decision}", f"decisions/{decision}/receipt", f"opt-outs/{decision}/proof"):
        who = visitor if "also" in path else stranger
        html = assert_page(await who.get(f"{who.area}/{path}"), 404)
        assert str(decision) not in html.split("</header>")[1]


async def test_the_preview_is_what_an_export_holds_later(story: Story) -> None:
    client = await story.sharing_client()
    await story.answered(client)
    leaving = [found for found in await story.partner.resources(await story.export_of(2)) if category_of(found)]
    visitor = await Visitor.signs_in(story, "client", client)
    previewed = Forms((await visitor.get()).text).records
    assert as_previewed(previewed) == as_previewed(leaving)
    assert len(leaving) == 4, "two scores, and the forms behind them"


async def test_C2_the_preview_of_ticks_that_are_not_saved_changes_nothing(story: Story) -> None:
    client, visitor = await undecided(story)
    await eventually(lambda: story.answered(client))

    async def shown() -> list[dict[str, Any]]:
        html = assert_page(await visitor.choose(["satisfaction"], "preview"), 200)
        assert [value for value, ticked in Forms(html).boxes if ticked] == ["satisfaction"]
        return Forms(html).records

    assert {category_of(record) for record in await eventually(shown)} == {"satisfaction"}
    assert (await story.sharing(client))["decision"] is None


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [("category", "diagnoses", 422), ("programme", "another", 422), ("action", "opt_in", 422), ("notice_digest", "0" * 64, 409)],
)
async def test_what_the_form_does_not_know_is_refused_on_a_page(story: Story, field: str, value: str, status: int) -> None:
    client, visitor = await undecided(story)
    form = await visitor.choice()
    fields = {**dict(form.fields), "category": "satisfaction", "action": "save", field: value}
    html = assert_page(await visitor.post(form.action, list(fields.items())), status)
    assert value not in html.split("<main")[1] or field == "notice_digest"
    assert (await story.sharing(client))["decision"] is None
