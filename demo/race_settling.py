"""The end of a race: waits until everything is applied everywhere and the plan has answered every recall, takes a last export."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from demo.history import Client, Decision, Final, Kind, Outcome
from demo.race_acts import Recording
from demo.race_arrivals import Owners
from demo.race_follower import Held, held
from demo.race_leftovers import OPEN_RECEIPTS, SHARING, Db, Seen, collect, key_of, read_ledger
from demo.race_plan import Plan
from demo.race_waiting import until
from demo.system import OPERATIONS
from deploy.local.stack import SERVICES, Stack

CONSUMED = {
    "consent": ("scheduling", "reporting"),
    "scheduling": (),
    "assessments": ("scheduling",),
    "reporting": ("consent", "scheduling", "assessments"),
}
"""Whose journal each service applies."""

HEADS = "select stream, position from journal_head where position > 0"
PUBLISHED = "select stream, position from relay_cursor where position > 0"
APPLIED = "select stream, position from applied where source = $1 and position > 0"
QUEUED = """
select (select count(*) from partner_dirty d join client c using (client_id, programme) where c.plan_id = $1)
     + (select count(*) from partner_notice where recipient_id = $1)"""
UNTOLD = "select recall_id::text from recall where plan_id = $1 and recall_id <> all($2::uuid[])"
RECALLED = "select recall_id::text from recall"
OWNERS = "select distinct coalesce(export_id::text, path) as place, token, client_id, programme from disclosure"
TOOK = """
select extract(epoch from max(r.done_at) - min(j.recorded_at))::float8 * 1000 as ms
  from receipt r join journal j on j.event_id = r.decision_id
 where r.decision_id = any($1::uuid[]) and r.sink not in ('recall_acknowledged', 'recall_attested')
 group by r.decision_id having count(r.done_at) = count(*) order by 1"""


@dataclass(frozen=True)
class Beginning:
    """The ledger, the versions of consent's states and the recalls, as they were before a race."""

    ledger: tuple[Decision, ...]
    versions: Mapping[Client, int]
    recalls: frozenset[str]


@dataclass(frozen=True)
class Left:
    """What is left, whose the tokens are, and what the opt-outs of the race took in the ledger's own time (milliseconds)."""

    final: Final
    owners: Owners
    applied_ms: Sequence[float]


@asynccontextmanager
async def databases(stack: Stack) -> AsyncIterator[dict[str, Db]]:
    async with AsyncExitStack() as opened:
        found: dict[str, Db] = {}
        for service in SERVICES:
            found[service] = await asyncpg.connect(stack.database(service))
            opened.push_async_callback(found[service].close)
        yield found


async def beginning_of(stack: Stack) -> Beginning:
    async with databases(stack) as db:
        versions = {key_of(row): row["version"] for row in await db["consent"].fetch(SHARING)}
        recalls = frozenset(row["recall_id"] for row in await db["reporting"].fetch(RECALLED))
        return Beginning(await read_ledger(db["consent"]), versions, recalls)


async def settle(recording: Recording, plan: Plan, beginning: Beginning, patience: float) -> Left:
    """After `patience` seconds it takes what there is: the checker shows what has not settled."""
    async with databases(recording.stack) as db:
        await until(lambda: _settled(recording, plan, beginning, db), patience)
        await until(plan.follower.follow, patience)
        whole: dict[str, Held] = {}
        await until(lambda: _take_whole(plan, whole), patience)
        await plan.topics.read_to_the_end()
        owners = {(row["place"], str(row["token"])): key_of(row) for row in await db["reporting"].fetch(OWNERS)}
        asked = {attempt.decision_id for attempt in recording.attempts if attempt.kind is Kind.OPT_OUT and attempt.decision_id}
        took = [row["ms"] for row in await db["consent"].fetch(TOOK, sorted(asked))]
        seen = Seen(plan, whole, owners, beginning.recalls)
        return Left(await collect(recording, db["consent"], db["reporting"], seen), owners, took)


async def _settled(recording: Recording, plan: Plan, beginning: Beginning, db: Mapping[str, Db]) -> bool:
    """Published, applied by every reader, nothing queued, every recall told, acknowledged and attested, every receipt in."""
    heads = {service: await _vector(db[service], HEADS) for service in SERVICES}
    for service in SERVICES:
        if await _vector(db[service], PUBLISHED) != heads[service]:
            return False
        for owner in CONSUMED[service]:
            if await _vector(db[service], APPLIED, owner) != heads[owner]:
                return False
    plan_id = plan.recipient.partner.plan_id
    if await db["reporting"].fetchval(QUEUED, plan_id) or await plan.answer_recalls():
        return False
    if plan.endpoint.secret and await db["reporting"].fetch(UNTOLD, plan_id, [*beginning.recalls, *plan.endpoint.recalls]):
        return await _send_webhooks_again(recording)
    return not await db["consent"].fetch(OPEN_RECEIPTS)


async def _vector(db: Db, query: str, *arguments: object) -> dict[int, int]:
    return {row["stream"]: row["position"] for row in await db.fetch(query, *arguments)}


async def _send_webhooks_again(recording: Recording) -> bool:
    """As operations, who see what failed twice: the next attempt comes after five minutes. Not settled yet."""
    base, operations = recording.one_of("reporting"), recording.bearer("operations", OPERATIONS)
    page = await recording.recorder.ask("GET", f"{base}/v1/webhook-deliveries?limit=100", operations)
    if page.outcome is Outcome.OK:
        for delivery in json.loads(page.body)["items"]:
            if delivery["attempts"] > 1:
                await recording.recorder.ask("POST", f"{base}/v1/webhook-deliveries/{delivery['delivery_id']}/retry", operations)
    return False


async def _take_whole(plan: Plan, whole: dict[str, Held]) -> bool:
    """An export of everything, made when nothing changes any more."""
    export = await plan.recipient.export(by_patient=True)
    files = await plan.recipient.download(export) if export else None
    whole |= held(files or {})
    return files is not None
