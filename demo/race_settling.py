"""The end of a race: waits until everything is applied everywhere, acknowledges the recalls as the plan, takes a last export."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from demo.history import Client, Decision, Final, Kind, Outcome
from demo.race_acts import Recording
from demo.race_leftovers import OPEN_RECEIPTS, SHARING, Db, collect, key_of, read_ledger
from demo.race_waiting import until
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
QUEUED = "select (select count(*) from partner_dirty) + (select count(*) from partner_notice)"
OWNERS = "select distinct token, client_id, programme from disclosure"
TOOK = """
select extract(epoch from max(r.done_at) - min(j.recorded_at))::float8 * 1000 as ms
  from receipt r join journal j on j.event_id = r.decision_id
 where r.decision_id = any($1::uuid[]) and r.sink <> 'recall_acknowledged'
 group by r.decision_id having count(r.done_at) = count(*) order by 1"""

Beginning = tuple[tuple[Decision, ...], Mapping[Client, int]]


@dataclass(frozen=True)
class Left:
    """What is left, whose the tokens are, and what the opt-outs of the race took in the ledger's own time (milliseconds)."""

    final: Final
    owners: Mapping[str, Client]
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
    """The ledger and the versions of consent's states, as they are before a race."""
    async with databases(stack) as db:
        return await read_ledger(db["consent"]), {key_of(row): row["version"] for row in await db["consent"].fetch(SHARING)}


async def settle(recording: Recording, patience: float) -> Left:
    """After `patience` seconds it takes what there is: the checker shows what has not settled."""
    async with databases(recording.stack) as db:
        await until(lambda: _settled(recording, db), patience)
        before = len(recording.releases)
        await until(lambda: _download_fresh(recording), patience)
        owners = {str(row["token"]): key_of(row) for row in await db["reporting"].fetch(OWNERS)}
        fresh = frozenset(owners.get(token, token) for _, records in recording.releases[before:] for token, _ in records)
        asked = {attempt.decision_id for attempt in recording.attempts if attempt.kind is Kind.OPT_OUT and attempt.decision_id}
        took = [row["ms"] for row in await db["consent"].fetch(TOOK, sorted(asked))]
        return Left(await collect(recording, db["consent"], db["reporting"], owners, fresh), owners, took)


async def _settled(recording: Recording, db: Mapping[str, Db]) -> bool:
    """Published, applied by every reader, nothing queued, every recall acknowledged, every receipt in."""
    heads = {service: await _vector(db[service], HEADS) for service in SERVICES}
    for service in SERVICES:
        if await _vector(db[service], PUBLISHED) != heads[service]:
            return False
        for owner in CONSUMED[service]:
            if await _vector(db[service], APPLIED, owner) != heads[owner]:
                return False
    if await db["reporting"].fetchval(QUEUED) or await acknowledge_recalls(recording):
        return False
    return not await db["consent"].fetch(OPEN_RECEIPTS)


async def _vector(db: Db, query: str, *arguments: object) -> dict[int, int]:
    return {row["stream"]: row["position"] for row in await db.fetch(query, *arguments)}


async def acknowledge_recalls(recording: Recording) -> int:
    """As the plan, which has deleted what it was told to; how many there were (one where nobody could tell)."""
    plan, base = recording.bearer("plan", recording.plan_id), recording.one_of("reporting")
    page = await recording.recorder.ask("GET", f"{base}/v1/recalls?limit=100", plan)
    if page.outcome is not Outcome.OK:
        return 1
    recalls = json.loads(page.body)["items"]
    for recall in recalls:
        await recording.recorder.ask("POST", f"{base}/v1/recalls/{recall['recall_id']}/acknowledgement", plan)
    return len(recalls)


async def _download_fresh(recording: Recording) -> bool:
    return await recording.request_export() and await recording.download(recording.exports[-1])
