"""The privacy officer's page over HTTP: what waits, and what becomes of it."""

from uuid import UUID, uuid4

import asyncpg

from tests.pages.mail import knows_address, sends
from tests.pages.test_sharing_over_http import assert_page
from tests.pages.visitor import Forms, Visitor
from tests.story import Story, eventually

UNCLEAR = "I have a question about my data. What do you share?"


async def waiting(officer: Visitor, subject: str) -> str:
    """The page's part about the mail, once it is there."""

    async def part() -> str:
        html = (await officer.get()).text
        return next((part for part in html.split("<article")[1:] if subject in part), "")

    found: str = await eventually(part)
    return found.split("</article>")[0]


async def unclear_mail(story: Story) -> tuple[UUID, str, Visitor]:
    client, subject, address = await story.sharing_client(), f"A question {uuid4()}", f"c{uuid4().hex[:8]}@example.com"
    await knows_address(story, client, address)
    await sends(story, address, subject, UNCLEAR)
    return client, subject, await Visitor.signs_in(story, "privacy_officer", uuid4())


async def test_C4_a_mail_that_is_an_opt_out_opts_out(story: Story) -> None:
    client, subject, officer = await unclear_mail(story)
    part = await waiting(officer, subject)
    assert UNCLEAR in part and "Authenticated" in part and str(client) in part and "Deadline" in part
    assert (await story.sharing(client))["decision"] == "suspended"
    visitor = await Visitor.signs_in(story, "client", client)
    assert "being read by our privacy officer" in (await visitor.get()).text
    form = Forms(f"<x {part}").forms[-1]
    answer = await officer.post(form.action, [*form.fields, ("resolution", "opt_out")])
    html = assert_page(await officer.get(answer.headers["location"]), 200)
    assert "Recorded as an opt-out" in html and subject not in html
    assert (await story.sharing(client))["decision"] == "opted_out"
    assert "Staff" in (await visitor.get()).text
    again = await officer.post(form.action, [*form.fields, ("resolution", "not_an_opt_out")])
    assert "Somebody has resolved this mail" in assert_page(again, 409)
    assert (await story.sharing(client))["decision"] == "opted_out"


async def test_C4_a_mail_that_is_none_lets_sharing_go_on(story: Story) -> None:
    client, subject, officer = await unclear_mail(story)
    part = await waiting(officer, subject)
    form = Forms(f"<x {part}").forms[-1]
    answer = await officer.post(form.action, [*form.fields, ("resolution", "not_an_opt_out")])
    assert "Recorded as no opt-out" in assert_page(await officer.get(answer.headers["location"]), 200)
    assert (await story.sharing(client))["shared"] is True


async def test_C4_of_an_unknown_sender_the_officer_says_which_client_it_is(story: Story) -> None:
    client, subject = await story.sharing_client(), f"Stop {uuid4()}"
    await sends(story, f"x{uuid4().hex[:8]}@elsewhere.example", subject, "Please opt me out.", authenticated=False)
    officer = await Visitor.signs_in(story, "privacy_officer", uuid4())
    part = await waiting(officer, subject)
    assert "Not authenticated" in part and "nobody" in part and 'name="clients"' in part
    form = Forms(f"<x {part}").forms[-1]
    for wrong in ("", "somebody", "078"):
        answer = await officer.post(form.action, [*form.fields, ("resolution", "opt_out"), ("clients", wrong)])
        assert "say which client" in assert_page(answer, 422)
    answer = await officer.post(form.action, [*form.fields, ("resolution", "opt_out"), ("clients", f" {client}, ")])
    assert answer.status_code == 303, answer.text
    assert (await story.sharing(client))["decision"] == "opted_out"


async def test_the_most_urgent_mail_comes_first_and_what_is_overdue_says_so(story: Story) -> None:
    _, first, officer = await unclear_mail(story)
    await waiting(officer, first)
    _, second, _ = await unclear_mail(story)
    await waiting(officer, second)
    connection = await asyncpg.connect(story.stack.database("consent"))
    await connection.execute("update mail set due_at = now() - interval '1 hour' where subject = $1", second)
    await connection.close()
    html = (await officer.get()).text
    assert html.index(second) < html.index(first)
    assert "Overdue" in await waiting(officer, second) and "Overdue" not in await waiting(officer, first)


async def test_parked_clients_of_both_services_are_listed_with_their_deadline(story: Story) -> None:
    parked = [uuid4(), uuid4()]
    for service, client in zip(("consent", "reporting"), parked, strict=True):
        connection = await asyncpg.connect(story.stack.database(service))
        insert = "insert into parked_client (source, client_id, reason, parked_at) values ('scheduling', $1, 'test', now() - $2::interval)"
        await connection.execute(
            insert.replace("$2::interval", "interval '2 hours'" if service == "consent" else "interval '1 minute'"), client
        )
        await connection.close()
    try:
        officer = await Visitor.signs_in(story, "privacy_officer", uuid4())
        html = assert_page(await officer.get(), 200).split('id="parked"')[1]
        rows = {client: row for client in parked for row in html.split("<tr>") if str(client) in row}
        assert "In consent" in rows[parked[0]] and "Overdue" in rows[parked[0]]
        assert "In reporting" in rows[parked[1]] and "Overdue" not in rows[parked[1]]
    finally:
        for service, client in zip(("consent", "reporting"), parked, strict=True):
            connection = await asyncpg.connect(story.stack.database(service))
            await connection.execute("delete from parked_client where client_id = $1", client)
            await connection.close()


async def test_the_page_names_the_last_checkpoint_of_the_ledger(story: Story) -> None:
    await story.opt_out(await story.client())
    officer = await Visitor.signs_in(story, "privacy_officer", uuid4())

    async def number() -> bool:
        return "Last signed checkpoint: number" in (await officer.get()).text

    await eventually(number, 90)
