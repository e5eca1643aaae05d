"""The plan's whole side of a race: it takes exports, follows the increments, reads its topics, is told of recalls and answers them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random

import httpx

from demo.history import Outcome
from demo.partner import Partner, attestation
from demo.race_follower import Follower
from demo.race_recipient import TYPES, Export, Recipient
from demo.race_topics import Topics
from demo.race_webhook import Endpoint, listening
from demo.recorder import Recorder
from demo.system import OPERATIONS
from deploy.local.stack import Stack

OPEN = "/v1/recalls?limit=100&state=requested&state=sent&state=acknowledged"


@dataclass(frozen=True)
class Plan:
    recipient: Recipient
    follower: Follower
    topics: Topics
    endpoint: Endpoint

    async def ask_for_export(self, random: Random) -> Export | None:
        """Half of them organised by patient, half by type and of some types only; of each every third is an increment."""
        earlier = self.recipient.exports[:-1]
        since = random.choice(earlier).transaction_time if earlier and random.random() < 1 / 3 else None
        if random.random() < 0.5:
            return await self.recipient.export(since=since, by_patient=True)
        return await self.recipient.export(random.sample(TYPES, random.randint(1, 2)), since)

    async def answer_recalls(self) -> int:
        """How many were open (one where nobody could tell). Some are acknowledged first, some are attested at once."""
        page = await self.recipient.ask("GET", OPEN)
        if page.outcome is not Outcome.OK:
            return 1
        recalls = json.loads(page.body)["items"]
        for recall in recalls:
            await self._answer(f"/v1/recalls/{recall['recall_id']}", acknowledged=recall["state"] == "acknowledged")
        return len(recalls)

    async def _answer(self, recall: str, *, acknowledged: bool) -> None:
        if not acknowledged and self.recipient.random.random() < 0.5:
            await self.recipient.ask("POST", f"{recall}/acknowledgement")
        else:
            await self.recipient.ask("POST", f"{recall}/attestation", json.dumps(attestation()).encode())


@asynccontextmanager
async def taking_part(stack: Stack, partner: Partner, random: Random, recorder: Recorder, *, webhook: bool) -> AsyncIterator[Plan]:
    """With `webhook` the plan is told of recalls at an endpoint of its own as long as this lasts. Raises httpx.HTTPError."""
    recipient = Recipient(stack, partner, random, recorder)
    topics = Topics(stack.infrastructure.bootstrap, partner.slug, f"{stack.name}." if stack.name else "")
    with listening(recipient.arrivals) as endpoint:
        if webhook:
            endpoint.secret = (await _register(stack, partner, webhook_url=endpoint.url))["webhook_secret"]
        following = asyncio.create_task(topics.follow())
        try:
            yield Plan(recipient, Follower(recipient), topics, endpoint)
        finally:
            following.cancel()
            await asyncio.wait([following])
            if webhook:
                with contextlib.suppress(httpx.HTTPError):
                    await _register(stack, partner)


async def _register(stack: Stack, partner: Partner, **more: str) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        operations = await asyncio.to_thread(stack.issuer.bearer, "operations", OPERATIONS)
        return await replace(partner, http=http).register(operations, **more)
