"""The files of an export on their way out: what leaves, what does not any more, and what is on record of it (R4, R5, C5, C9)."""

from uuid import UUID

import httpx
import pytest

from deploy.local.stack import Stack
from tests.reporting.exports.filled import RECORDS, addresses, downloaded, filled, kept, sql
from tests.story import Story


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


async def known_client(story: Story, scores: int = 3) -> UUID:
    client = await story.sharing_client()
    await story.settled()
    await sql(story, RECORDS, client, scores)
    return client


async def test_R4_a_part_is_read_as_ndjson_whole_and_in_its_order(story: Story) -> None:
    export_id = await filled(story, await known_client(story, 500))
    read = []
    for url in await addresses(story, export_id):
        answer = await downloaded(story, url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+ndjson")
        assert answer.headers["cache-control"] == "no-store"
        read += answer.text.splitlines()
    assert read == await kept(story, export_id)
    assert len(read) > 1000
