"""What is taken of a client to be sent, on a database of its own: what is too large, what is the same again, what nobody gets (C5, C16)."""

import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from common.db import Database
from common.migrate import migrate
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.partner_topics import tables
from reporting.release_gate.gate import Hold
from reporting.schema import metadata

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = datetime(2027, 3, 2, tzinfo=UTC)
LARGE = 1 << 20
STREAM = 3
RECIPIENT = """
insert into recipient (recipient_id, slug, smart_client_id, jwks, scopes, purpose, sealed, acknowledge_hours, attest_days,
                       registered_at, changed_at)
values ($1, $2, $2, '{}', '{}', 'personalised_health_recommendations', false, 24, 10, now(), now())"""
OPENING = "insert into release_opening (recipient_id, opened_at, opened_by, open_until) values ($1, $2, $1, $3)"
SCORE = {"resourceType": "Observation", "code": "phq-9", "value": 9, "effective": "2026-03-02"}


@dataclass
class Sharing:
    """A client who shares questionnaires with a plan that is registered, unless it is not."""

    tx: asyncpg.Connection
    client: UUID = field(default_factory=uuid4)
    plan: UUID = field(default_factory=uuid4)
    token: UUID = field(default_factory=uuid4)
    contract: UUID = field(default_factory=uuid4)

    async def open(self, *, registered: bool = True) -> "Sharing":
        tx = self.tx
        if registered:
            await self.register()
        await tx.execute(
            "insert into client (client_id, plan_id, employer_id, programme) values ($1, $2, $2, 'care_connect')", self.client, self.plan
        )
        await tx.execute(
            "insert into sharing (client_id, programme, stream, decision, categories, position, token)"
            " values ($1, 'care_connect', $2, 'opted_in', '{questionnaire_scores}', 1, $3)",
            self.client, STREAM, self.token,
        )  # fmt: skip
        await tx.execute(
            "insert into recipient_token (token, client_id, programme, stream) values ($1, $2, 'care_connect', $3)",
            self.token,
            self.client,
            STREAM,
        )
        await self.has("questionnaire_scores", SCORE)
        return self

    async def register(self) -> None:
        await self.tx.execute(RECIPIENT, self.plan, f"plan-{self.plan.hex[:8]}")
        await self.tx.execute(OPENING, self.plan, NOW, LATER)

    async def has(self, category: str, body: dict[str, object]) -> None:
        await self.tx.execute(
            "insert into record (record_id, client_id, stream, programme, category, body, occurred_at)"
            " values ($1, $2, $3, 'care_connect', $4, $5, $6)",
            uuid4(), self.client, STREAM, category, json.dumps(body), NOW,
        )  # fmt: skip
        await tables.mark_dirty(self.tx, [self.client])

    def hold(self) -> Hold:
        return Hold(self.tx, STREAM, 7, self.plan, self.contract, NOW, math.inf)

    async def waiting(self, *left_alone: UUID, at: datetime = NOW) -> list[tuple[int, UUID | None]]:
        return [(one.stream, one.recipient_id) for one in await tables.waiting(self.tx, left_alone, at)]

    async def taken(self, *, largest: int = LARGE, sent: bool = True) -> tables.State:
        """As the publisher takes it; as if the broker had it, unless not."""
        hold = self.hold()
        (state,) = await tables.take_states(hold, 10, [], "http://reporting", largest)
        assert state.client_id == self.client
        if sent:
            await tables.drop_dirty(hold, [state])
        return state

    async def count(self, what: str) -> int:
        count: int = await self.tx.fetchval(f"select count(*) from {what} and client_id = $1", self.client)
        return count

    async def disclosed(self) -> int:
        return await self.count("disclosure where path = 'partner_topic'")


@pytest.fixture
async def sharing(infrastructure: Infrastructure) -> AsyncIterator[Sharing]:
    name = f"states_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, 4)
    async with db.pool.acquire() as tx:
        yield Sharing(tx)
    await db.close()
    await infrastructure.drop_database(name)


async def test_a_state_that_is_sent_is_disclosed_and_known_to_be_on_the_topic_before_it_is(sharing: Sharing) -> None:
    state = await (await sharing.open()).taken(sent=False)
    assert state.value is not None and state.token == sharing.token
    assert await sharing.count("recipient_token where on_topic and state_digest is null") == 1
    disclosed = await sharing.tx.fetchrow("select * from disclosure")
    assert (disclosed["contract_id"], disclosed["disclosed_at"]) == (sharing.contract, NOW), "C9, C14"
    assert (disclosed["recipient_id"], disclosed["token"], disclosed["gated_at"]) == (sharing.plan, sharing.token, 7)
    assert disclosed["categories"] == ["questionnaire_scores"]


async def test_C16_the_same_again_is_not_sent(sharing: Sharing) -> None:
    assert (await (await sharing.open()).taken()).value is not None
    for _ in range(3):
        await sharing.has(
            "session_frequency", {"resourceType": "Appointment", "kind": "session", "status": "booked", "start": "2026-03-09"}
        )
        assert (await sharing.taken()).value is None
    await sharing.tx.execute("update record set changed_at = now() where client_id = $1", sharing.client)
    await tables.mark_dirty(sharing.tx, [sharing.client])
    assert (await sharing.taken()).value is None, "only the time of change is another"
    assert await sharing.disclosed() == 1
    await sharing.has("questionnaire_scores", SCORE)
    assert (await sharing.taken()).value is not None


async def test_a_state_that_the_broker_never_had_is_sent_again(sharing: Sharing) -> None:
    await (await sharing.open()).taken(sent=False)
    assert (await sharing.taken()).value is not None


async def test_a_state_that_is_too_large_is_neither_sent_nor_disclosed_and_stays_to_be_sent(sharing: Sharing) -> None:
    state = await (await sharing.open()).taken(largest=100, sent=False)
    assert state.too_large and state.value is None
    assert (await sharing.disclosed(), await sharing.count("recipient_token where on_topic")) == (0, 0)
    assert await sharing.waiting() == [(STREAM, sharing.plan)]
    assert await sharing.waiting(sharing.client) == [], "others go on while it is left alone"


async def test_C5_nothing_is_kept_for_a_plan_that_is_not_registered(sharing: Sharing) -> None:
    await sharing.open(registered=False)
    assert await sharing.waiting() == [(STREAM, None)]
    await tables.forget_unregistered(sharing.tx, STREAM)
    assert (await sharing.disclosed(), await sharing.waiting()) == (0, [])
    await sharing.register()
    await tables.mark_dirty(sharing.tx, [sharing.client])
    await tables.forget_unregistered(sharing.tx, STREAM)
    assert (await sharing.taken()).value is not None


async def test_C14_what_is_for_a_recipient_that_is_closed_waits_and_is_not_forgotten(sharing: Sharing) -> None:
    await sharing.open()
    assert await sharing.waiting(at=LATER) == []
    await sharing.tx.execute("update release_opening set closed_at = $1", NOW)
    await tables.forget_unregistered(sharing.tx, STREAM)
    assert await sharing.waiting() == []
    assert await sharing.count("partner_dirty where true") == 1


async def test_R4_a_parked_client_counts_as_opted_out(sharing: Sharing) -> None:
    await sharing.open()
    await sharing.tx.execute("insert into parked_client (source, client_id, reason) values ('consent', $1, 'test')", sharing.client)
    assert (await sharing.taken()).value is None
