"""A plan with its key as a file, a client of it with records of every category, and what the database says is shared."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from joserfc.jwk import ECKey

from deploy.local.stack import Stack
from reporting.resources.expressions import rendered
from tests.records import EVERY, fill
from tests.story import Story

Known = Callable[[], Awaitable[set[str]]]
SHARED = f"""
with scope as (
  select s.client_id, s.programme, s.token, s.categories, s.decided_at, s.notice_digest, k.opened_at
    from sharing s join client c using (client_id) join recipient_token k using (token)
   where c.plan_id = $1 and s.decision = 'opted_in')
select r.type || '/' || r.id as resource from ({rendered("scope")}) r"""


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


@pytest.fixture
async def jwks(story: Story, tmp_path: Path) -> Path:
    """The private keys of the plan, as its program reads them; we are given the public ones."""
    key = ECKey.generate_key("P-384", {"kid": "plan-1", "alg": "ES384", "use": "sig", "key_ops": ["sign"]})
    path = tmp_path / "plan.jwks"
    path.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
    public = key.as_dict(private=False) | {"key_ops": ["verify"]}
    await story.partner.register(story.token("operations"), jwks={"keys": [public]})
    return path


@pytest.fixture
def shared(story: Story) -> Known:
    """The resources that are shared with the plan at this moment, as `Type/id`."""

    async def found() -> set[str]:
        await story.settled()
        connection = await asyncpg.connect(story.stack.database("reporting"))
        try:
            return {row["resource"] for row in await connection.fetch(SHARED, story.plan)}
        finally:
            await connection.close()

    return found


async def sharing_everything(story: Story) -> UUID:
    client = await story.client()
    await fill(story, client, "opt_in", categories=EVERY)
    return client
