"""Aggregate releases on the topic of a recipient: what the plan's reports show, and nothing besides (R2, D7)."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx

from deploy.local.stack import Stack
from tests.reporting.partner_topics.reading import Read, aggregates
from tests.story import Story, eventually

CELL = """
insert into published_cell (family, scope, scope_id, period, breakdown, cell_group, n, total, release_id)
values ('asked', $1, $2, $3, 'recommendation', $4, $5, null, $6)"""
RELEASE = """
insert into release (release_id, family, month, family_version, shown, withheld, late, linear_ms, audit_ms, audited, released_at)
values ($1, 'asked', $2, 1, 1, 1, 0, 0, 0, 0, $3)"""


async def release(story: Story, month: str) -> None:
    """As the nightly release leaves it: a month of the plan and of one programme, with a number that is shown and one that is not."""
    connection = await asyncpg.connect(story.stack.database("reporting"))
    async with connection.transaction():
        release_id = uuid4()
        await connection.execute(RELEASE, release_id, month, datetime(2026, 3, 1, tzinfo=UTC))
        for scope, scope_id in (("plan", str(story.plan)), ("programme", f"{story.plan}/care_connect")):
            await connection.execute(CELL, scope, scope_id, month, "", 42, release_id)
            await connection.execute(CELL, scope, scope_id, month, "answered", None, release_id)
    await connection.close()


async def test_R2_a_release_is_on_the_topic_as_the_report_shows_it(stack: Stack, http: httpx.AsyncClient) -> None:
    story = await Story(stack, http).open()
    month = f"20{50 + uuid4().int % 40}-0{1 + uuid4().int % 9}"  # shared: other tests may release theirs
    await release(story, month)

    async def both() -> list[Read]:
        found = await aggregates(stack, story.partner.slug)
        return found if len(found) >= 2 else []

    found = {record.key: record for record in await eventually(both)}
    assert set(found) == {f"all/{month}", f"care_connect/{month}"}
    for key, record in found.items():
        programme = {} if key.startswith("all/") else {"programme": "care_connect"}
        report = await story.call(
            "reporting", "GET", f"/v1/plans/{story.plan}/reports/{month}", story.token("plan", story.plan), params=programme
        )
        assert report.status_code == 200, report.text
        assert record.value == report.json()
        assert record.type == "partner.aggregate.v1"


async def test_who_is_registered_later_gets_what_was_released_before(stack: Stack, http: httpx.AsyncClient) -> None:
    story = Story(stack, http)
    month = f"20{50 + uuid4().int % 40}-1{uuid4().int % 3}"
    await release(story, month)
    await story.open()
    found = await eventually(lambda: aggregates(stack, story.partner.slug))
    assert {record.key.partition("/")[2] for record in found} == {month}
