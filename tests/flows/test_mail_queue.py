"""C4: what waits for the privacy officer, what becomes of it, and of sharing meanwhile."""

import asyncpg

from tests.mails import becomes, decision, queued, resolve, writer
from tests.story import Story, eventually


async def test_C4_C8_when_it_was_no_opt_out_sharing_goes_on_and_the_recipient_was_asked_to_delete_nothing(story: Story) -> None:
    client = await story.sharing_client()
    await story.lines(await story.export_of(1))
    jane = await writer(story, client)
    await jane.write("Who is my case manager?")
    await becomes(story, client, "suspended")
    mail = await queued(story, jane.address)
    assert mail is not None
    resolved = await resolve(story, mail["mail_id"], "not_an_opt_out")
    assert (resolved["state"], resolved["resolution"]) == ("resolved", "not_an_opt_out")
    state = await story.sharing(client)
    assert (state["decision"], state["categories"]) == ("opted_in", ["appointments", "assessment_results", "satisfaction"])
    assert len(await story.lines(await story.export_of(1))) == 1
    assert (await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))).json()["items"] == []
    again = await story.call(
        "consent",
        "POST",
        f"/v1/mails/{mail['mail_id']}/resolution",
        story.token("privacy_officer"),
        json={"resolution": "opt_out"},
    )
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


async def test_C4_R5_when_it_was_an_opt_out_it_is_one_from_the_officers_word_on_with_recall_and_answer(story: Story) -> None:
    client = await story.sharing_client()
    await story.lines(await story.export_of(1))
    jane = await writer(story, client)
    await jane.write("I would rather not have Optum see any of this from here on, as discussed with your colleague on the phone.")
    await becomes(story, client, "suspended")
    mail = await queued(story, jane.address)
    assert mail is not None
    await resolve(story, mail["mail_id"], "opt_out")
    assert await decision(story, client) == "opted_out"

    async def recalled() -> bool:
        found = await story.call("reporting", "GET", "/v1/recalls", story.token("plan", story.plan))
        return len(found.json()["items"]) == 1

    await eventually(recalled)

    async def told() -> bool:
        return any("You have opted out" in mail["headers"]["subject"] for mail in await jane.answers())

    await eventually(told)


async def test_invariant_5_resuming_never_undoes_what_the_client_decided_meanwhile(story: Story) -> None:
    client = await story.sharing_client()
    jane = await writer(story, client)
    await jane.write("A question about sharing.")
    await becomes(story, client, "suspended")
    await story.opt_out(client)
    mail = await queued(story, jane.address)
    assert mail is not None
    await resolve(story, mail["mail_id"], "not_an_opt_out")
    assert await decision(story, client) == "opted_out"


async def test_C4_sharing_stays_suspended_while_another_mail_of_the_client_waits(story: Story) -> None:
    client = await story.sharing_client()
    jane = await writer(story, client)
    await jane.write("A first question.")
    await becomes(story, client, "suspended")
    first = await queued(story, jane.address)
    assert first is not None
    await jane.write("A second question.")

    async def both() -> bool:
        connection = await asyncpg.connect(story.stack.database("consent"))
        waiting = await connection.fetchval("select count(*) from mail where state = 'queued' and sender = $1", jane.address)
        await connection.close()
        return bool(waiting == 2)

    await eventually(both)
    await resolve(story, first["mail_id"], "not_an_opt_out")
    assert await decision(story, client) == "suspended"
    second = await queued(story, jane.address)
    assert second is not None
    await resolve(story, second["mail_id"], "not_an_opt_out")
    assert await decision(story, client) == "opted_in"


async def test_C4_an_address_of_several_people_opts_nobody_out_by_itself_and_suspends_them_all(story: Story) -> None:
    one, other = await story.sharing_client(), await story.sharing_client()
    shared = await writer(story, one, other)
    await shared.write("Please opt me out.")
    await becomes(story, one, "suspended")
    await becomes(story, other, "suspended")
    mail = await queued(story, shared.address)
    assert mail is not None
    await resolve(story, mail["mail_id"], "opt_out", client_ids=[str(one)])
    assert [await decision(story, one), await decision(story, other)] == ["opted_out", "opted_in"]


async def test_C4_a_mail_from_an_unknown_address_is_queued_and_answered_in_the_same_words_as_a_known_one(story: Story) -> None:
    client = await story.sharing_client()
    stranger, known = await writer(story), await writer(story, client)
    for somebody in (stranger, known):
        await somebody.write("Please opt out my neighbour.")
    one, other = await stranger.answer(), await known.answer()
    assert one["headers"]["subject"] == other["headers"]["subject"], "nobody learns who is a client"
    assert one["text"].splitlines()[0][:60] == other["text"].splitlines()[0][:60]
    mail = await queued(story, stranger.address)
    assert mail is not None
    refused = await story.call(
        "consent",
        "POST",
        f"/v1/mails/{mail['mail_id']}/resolution",
        story.token("privacy_officer"),
        json={"resolution": "opt_out"},
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "client_ids")
    third = await story.sharing_client()
    await resolve(story, mail["mail_id"], "opt_out", client_ids=[str(third)])
    assert await decision(story, third) == "opted_out"


async def test_C6_the_mail_queue_is_the_privacy_officers(story: Story) -> None:
    for role in ("client", "employer", "plan", "provider", "operations", "service"):
        assert (await story.call("consent", "GET", "/v1/mails", story.token(role))).status_code == 403, role
