"""An opt-out's progress, as it arrives byte by byte."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg

from consent.propagation.rules import STOPS_RELEASE
from tests.pages.test_sharing_over_http import assert_page
from tests.pages.visitor import Forms, Visitor
from tests.story import Story, eventually


@contextmanager
def standing_still(story: Story, service: str) -> Iterator[None]:
    pid = story.stack.processes[service].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def stops_everything(story: Story, client: UUID) -> tuple[Visitor, str]:
    visitor = await Visitor.signs_in(story, "client", client)
    answer = await visitor.submit(Forms((await visitor.get()).text).to("/opt-outs"))
    assert answer.status_code == 303, answer.text
    return visitor, answer.headers["location"]


async def test_C4_the_page_tells_each_answer_as_it_comes(story: Story) -> None:
    client = await story.sharing_client()
    await story.export_of(1)
    with standing_still(story, "reporting"):
        visitor, where = await stops_everything(story, client)
        url = f"{story.stack.url('consent')}{where}"
        seen = ""
        async with story.http.stream("GET", url, cookies=visitor.cookies) as answer:
            pieces = answer.aiter_text()
            async for piece in pieces:
                seen += piece
                if "Recorded in the ledger" in seen:
                    break
            assert 'role="status"' in seen and "Download the signed proof" not in seen, "begun, and not ended"
            assert "Removed from" not in seen
            os.kill(story.stack.processes["reporting"].pid, signal.SIGCONT)
            async for piece in pieces:
                seen += piece
    assert seen.rstrip().endswith("</html>")
    assert seen.index("Removed from everything prepared") < seen.index("data-state=")
    assert seen.count("Nothing about you leaves any more") == 2
    assert seen.count('class="done"') >= 2 * 4, "in both programmes: recorded, and three sinks that stop a release"


async def test_C4_the_page_is_right_when_all_is_through_at_once(story: Story) -> None:
    client = await story.sharing_client()
    visitor, where = await stops_everything(story, client)
    await story.opt_out(client)
    began = time.monotonic()
    html = assert_page(await visitor.get(where), 200)
    assert time.monotonic() - began < 5, "nothing to wait for"
    assert html.count('data-state="effective"') + html.count('data-state="complete"') == 2
    assert "refresh" not in html and "<script" not in html


async def test_C9_the_page_says_which_sink_is_overdue(story: Story) -> None:
    client = await story.sharing_client()
    with standing_still(story, "reporting"):
        visitor, where = await stops_everything(story, client)
        connection = await asyncpg.connect(story.stack.database("consent"))
        ours = "update receipt set due_at = now() - interval '1 minute' where client_id = $1 and sink = any($2::text[])"
        await connection.execute(ours, client, sorted(STOPS_RELEASE))  # what the plan answers is the plan's to give
        await connection.close()
        officer = await Visitor.signs_in(story, "privacy_officer", client)

        async def late() -> bool:
            return str(client) in (await officer.get()).text

        await eventually(late)
        html = assert_page(await visitor.get(where), 200)
        assert html.count("Overdue") == 2 * 3 and 'data-state="recorded"' in html and "has been alarmed" in html
        office = (await officer.get()).text
        assert "Reporting does not answer" in office
        assert where.split("/")[-1].split("?")[0] in office.split('id="sinks"')[1]

    async def through() -> bool:
        html = (await visitor.get(where)).text
        return html.count("Nothing about you leaves any more") == 2 and "Overdue" not in html

    await eventually(through)
    assert str(client) not in (await officer.get()).text, "a late answer clears the mark"


async def test_the_page_says_that_the_records_cannot_be_shown_while_reporting_is_away(story: Story) -> None:
    client = await story.sharing_client()
    visitor = await Visitor.signs_in(story, "client", client)
    with standing_still(story, "reporting"):
        html = assert_page(await visitor.get(), 200)
    assert "the service that holds them does not answer" in html
