"""C16, C17: consent by category; the preview before agreeing; the explanation of why something is or is not shared."""

from typing import Any
from uuid import UUID

from demo.partner import category_of
from tests.story import Story, as_previewed, eventually


async def categories_of(story: Story, records: int) -> list[str]:
    return sorted({line["category"] for line in await story.lines(await story.export_of(records))})


async def withdraw(story: Story, client: UUID, *categories: str) -> dict[str, Any]:
    answer = await story.call(
        "consent",
        "POST",
        f"/v1/clients/{client}/withdrawals",
        story.token("client", client),
        json={"programme": "care_connect", "categories": categories},
    )
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["items"][0]
    return item


async def status_of(story: Story, client: UUID, decision_id: str) -> str:
    answer = await story.call("consent", "GET", f"/v1/clients/{client}/opt-outs/{decision_id}", story.token("client", client))
    return str(answer.json()["status"])


async def preview(story: Story, client: UUID, *categories: str) -> list[dict[str, Any]]:
    answer = await story.call(
        "reporting",
        "GET",
        f"/v1/clients/{client}/preview",
        story.token("client", client),
        params={"programme": "care_connect", "category": categories},
    )
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def explain(story: Story, client: UUID, **params: str) -> dict[str, Any]:
    path = f"/v1/clients/{client}/explanations/care_connect"
    answer = await story.call("consent", "GET", path, story.token("client", client), params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_C17_withdrawing_one_category_takes_back_what_was_shared_of_it_and_the_others_go_on(story: Story) -> None:
    client = await story.sharing_client(categories=["satisfaction", "contact_and_demographics"])
    before = await story.export_of(2)
    token = (await story.lines(before))[0]["token"]
    withdrawn = await withdraw(story, client, "satisfaction")
    assert (withdrawn["shared"], withdrawn["categories"]) == (True, ["contact_and_demographics"])
    await eventually(lambda: is_effective(story, client, withdrawn["decision_id"]))
    after = await story.manifest(before["export_id"])
    assert await story.deleted(after) == [token], "the copy is taken back"
    recalls = await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))
    assert [recall["tokens"] for recall in recalls.json()["items"]] == [[token]]
    fresh = await story.lines(await story.export_of(1))
    assert [line["category"] for line in fresh] == ["contact_and_demographics"]
    assert fresh[0]["token"] != token, "under a new token"


async def is_effective(story: Story, client: UUID, decision_id: str) -> bool:
    return await status_of(story, client, decision_id) in ("effective", "complete")


async def test_C17_withdrawing_the_last_category_is_an_opt_out_and_what_was_not_shared_changes_nothing(story: Story) -> None:
    client = await story.sharing_client(categories=["satisfaction"])
    untouched = await withdraw(story, client, "appointments")
    assert (untouched["shared"], untouched["version"], untouched["receipt"]) == (True, 1, None)
    assert (await withdraw(story, client, "satisfaction"))["decision"] == "opted_out"


async def test_C17_an_opt_in_that_leaves_out_what_was_shared_withdraws_it_first(story: Story) -> None:
    client = await story.sharing_client(categories=["satisfaction"])
    manifest = await story.export_of(1)
    await story.lines(manifest)
    changed = await story.decide(client, "opt_in", 1, categories=["contact_and_demographics"])
    assert (changed.json()["categories"], changed.json()["version"]) == (["contact_and_demographics"], 3)

    async def recalled() -> bool:
        answer = await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))
        return len(answer.json()["items"]) == 1

    await eventually(recalled)
    assert await categories_of(story, 1) == ["contact_and_demographics"]


async def test_C16_session_frequency_is_shared_only_where_it_was_chosen_by_itself_and_is_explained(story: Story) -> None:
    client = await story.sharing_client()
    explained = await explain(story, client, category="session_frequency")
    assert explained["categories"] == [
        {
            "category": "session_frequency",
            "shared": False,
            "reason": "not_chosen_by_itself",
            "rule": "C16",
            "sentence": "Not shared: session frequency is shared only where it was chosen by itself.",
        }
    ]


async def test_C17_the_preview_holds_the_very_records_that_a_later_export_holds(story: Story) -> None:
    client = await story.client()
    await eventually(lambda: story.answered(client))
    every = ("satisfaction", "contact_and_demographics")

    async def complete() -> list[dict[str, Any]] | None:
        found = await preview(story, client, *every)
        return found if len(found) == 3 else None

    shown = await eventually(complete)
    assert (await story.sharing(client))["decision"] is None, "before anything was agreed to"
    assert {category_of(found) for found in await preview(story, client, "satisfaction")} == {"satisfaction"}
    assert (await story.request(client, "opt_in", categories=every)).status_code == 201
    leaving = [found for found in await story.partner.resources(await story.export_of(2)) if category_of(found)]
    assert as_previewed(shown) == as_previewed(leaving), "but for the token, and for the ids that are made of it"


async def test_C6_the_preview_is_for_the_client_alone(story: Story) -> None:
    client, other = await story.client(), await story.client()
    path = f"/v1/clients/{client}/preview?programme=care_connect"
    for role in ("employer", "plan", "provider", "privacy_officer", "operations"):
        assert (await story.call("reporting", "GET", path, story.token(role))).status_code == 403, role
    assert (await story.call("reporting", "GET", path, story.token("client", other))).status_code == 404


async def test_C1_C2_C4_C6_why_something_is_or_is_not_shared_by_which_decision_at_which_position(story: Story) -> None:
    client = await story.client()
    reasons = [(await explain(story, client))["categories"][0]["reason"]]
    await story.request(client, "decline")
    reasons.append((await explain(story, client))["categories"][0]["reason"])
    opted_in = (await story.decide(client, "opt_in", 1, categories=["appointments"])).json()
    found = await explain(story, client)
    assert {c["category"]: c["reason"] for c in found["categories"]} == {
        "appointments": "consented",
        "contact_and_demographics": "not_chosen",
        "assessment_results": "not_chosen",
        "satisfaction": "not_chosen",
        "session_frequency": "not_chosen_by_itself",
    }
    assert found["decision_id"] == opted_in["decision_id"]
    opt_out = await story.opt_out(client)
    found = await explain(story, client)
    assert (found["stream"], found["position"]) == (opt_out["place"]["stream"], opt_out["place"]["position"])
    reasons.append(found["categories"][0]["reason"])
    assert reasons == ["never_asked", "declined", "opted_out"]
    employer = await explain(story, client, recipient="employer")
    assert {(c["shared"], c["rule"]) for c in employer["categories"]} == {(False, "C6")}
