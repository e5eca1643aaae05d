"""The end of a race: waits until everything is applied everywhere, acknowledges the recalls as the plan, and collects what is left."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from demo.history import Client, Decision, Final, Kind, Outcome, Sharing
from demo.race_acts import Recording
from deploy.local.stack import NEIGHBOURS, SERVICES, Stack

STATE_TOPIC = "partner.individual.state.v1"
KINDS = {"consent.opted_in.v1": Kind.OPT_IN, "consent.declined.v1": Kind.DECLINE, "consent.opted_out.v1": Kind.OPT_OUT}
Rows = Sequence[Mapping[str, Any]]

LEDGER = "select stream, position, event_id, type, subject, payload::jsonb ->> 'programme' as programme from journal order by 1, 2"
SHARING = "select client_id, programme, version, decision, decision_id from sharing"
OPEN_RECEIPTS = "select distinct decision_id from receipt where done_at is null"
TOOK = """
select extract(epoch from max(r.done_at) - min(j.recorded_at))::float8 * 1000 as ms
  from receipt r join journal j on j.event_id = r.decision_id
 where r.decision_id = any($1::uuid[]) and r.sink <> 'recall_acknowledged'
 group by r.decision_id having count(r.done_at) = count(*) order by 1"""

PROJECTED = "select client_id, programme, decision, position, token from sharing"
PUBLISHED = "select payload from journal where type = 'reporting.redaction_applied.v1'"
DELETIONS = "select export_id, token from export_deletion"
EXPORT_ROWS = "select client_id, programme, count(*) as rows from export_row group by 1, 2"
OWNERS = "select distinct token, client_id, programme from disclosure"
OWED = """
select distinct r.client_id, r.programme from record r join sharing s using (client_id, programme) join client c using (client_id)
 where s.decision = 'opted_in' and r.category = any(s.categories) and c.plan_id = $1"""
QUEUED = "select (select count(*) from partner_dirty) + (select count(*) from partner_notice)"


@dataclass(frozen=True)
class Left:
    """What is left, whose the tokens are, and what the opt-outs of the race took in the ledger's own time."""

    final: Final
    owners: Mapping[str, Client]
    applied_ms: Sequence[float]


@asynccontextmanager
async def _databases(stack: Stack) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    async with AsyncExitStack() as opened:
        found = {}
        for service in SERVICES:
            found[service] = await asyncpg.connect(stack.database(service))
            opened.push_async_callback(found[service].close)
        yield found


async def ledger_of(stack: Stack) -> tuple[Decision, ...]:
    async with _databases(stack) as db:
        return _ledger(await db["consent"].fetch(LEDGER))


async def settle(recording: Recording, patience: float) -> Left:
    """After `patience` seconds it takes what there is: the checker shows what has not settled."""
    async with _databases(recording.stack) as db:
        until = time.monotonic() + patience
        while time.monotonic() < until and not await _settled(recording, db):
            await asyncio.sleep(0.1)
        before = len(recording.releases)
        await _download_fresh(recording, until)
        owners = {str(row["token"]): _key(row) for row in await db["reporting"].fetch(OWNERS)}
        fresh = frozenset(owners.get(token, token) for *_, records in recording.releases[before:] for token, _ in records)
        final = await _collect(recording, db, owners, fresh)
        asked = {attempt.decision_id for attempt in recording.attempts if attempt.kind is Kind.OPT_OUT and attempt.decision_id}
        took = [row["ms"] for row in await db["consent"].fetch(TOOK, sorted(asked))]
    return Left(final, owners, took)


async def _settled(recording: Recording, db: dict[str, asyncpg.Connection]) -> bool:
    """Published, applied by every reader, nothing queued, every recall acknowledged, every receipt in."""
    heads = {service: await _vector(db[service], "select stream, position from journal_head") for service in SERVICES}
    for service in SERVICES:
        if await _vector(db[service], "select stream, position from relay_cursor where position > 0") != heads[service]:
            return False
        for owner in NEIGHBOURS[service]:
            applied = "select stream, position from applied where source = $1 and position > 0"
            if owner in CONSUMED[service] and await _vector(db[service], applied, owner) != heads[owner]:
                return False
    if await db["reporting"].fetchval(QUEUED) or await _acknowledge_recalls(recording):
        return False
    return not await db["consent"].fetch(OPEN_RECEIPTS)


CONSUMED = {
    "consent": ("scheduling", "reporting"),
    "scheduling": (),
    "assessments": ("scheduling",),
    "reporting": ("consent", "scheduling", "assessments"),
}
"""Whose journal each service applies."""


async def _vector(db: asyncpg.Connection, query: str, *arguments: object) -> dict[int, int]:
    return {row["stream"]: row["position"] for row in await db.fetch(query, *arguments) if row["position"]}


async def _acknowledge_recalls(recording: Recording) -> int:
    """As the plan, which has deleted what it was told to; how many there were (one more where nobody could tell)."""
    plan, base = recording.bearer("plan", recording.plan_id), recording.one_of("reporting")
    page = await recording.recorder.ask("GET", f"{base}/v1/recalls?limit=100", plan)
    if page.outcome is not Outcome.OK:
        return 1
    recalls = json.loads(page.body)["items"]
    for recall in recalls:
        await recording.recorder.ask("POST", f"{base}/v1/recalls/{recall['recall_id']}/acknowledgement", plan)
    return len(recalls)


async def _download_fresh(recording: Recording, until: float) -> None:
    """Once at least, and until it comes whole."""
    while True:
        export_id = await recording.request_export()
        if (export_id and await recording.download(export_id)) or time.monotonic() > until:
            return
        await asyncio.sleep(0.3)


async def _collect(
    recording: Recording, db: dict[str, asyncpg.Connection], owners: Mapping[str, Client], fresh: frozenset[Client]
) -> Final:
    consent, reporting = db["consent"], db["reporting"]
    ledger = _ledger(await consent.fetch(LEDGER))
    opt_outs = {decision.decision_id for decision in ledger if decision.kind is Kind.OPT_OUT}
    published = [json.loads(row["payload"]) for row in await reporting.fetch(PUBLISHED)]
    values, risen = await _read_topic(recording.stack)
    return Final(
        ledger=ledger,
        sharing={_key(r): Sharing(r["decision"] == "opted_in", r["version"], str(r["decision_id"])) for r in await consent.fetch(SHARING)},
        projected={
            _key(r): Sharing(r["decision"] == "opted_in", r["position"], token=str(r["token"])) for r in await reporting.fetch(PROJECTED)
        },
        open_receipts=frozenset(str(row["decision_id"]) for row in await consent.fetch(OPEN_RECEIPTS)),
        receipts=tuple((e["decision_id"], r["sink"]) for e in published if e["decision_id"] in opt_outs for r in e["receipts"]),
        deletions=tuple((str(row["export_id"]), str(row["token"])) for row in await reporting.fetch(DELETIONS)),
        export_rows={_key(row): row["rows"] for row in await reporting.fetch(EXPORT_ROWS)},
        topic={token: owners.get(token) for token in values},
        risen=risen,
        owed=frozenset(_key(row) for row in await reporting.fetch(OWED, recording.plan_id)),
        fresh=fresh,
    )


def _key(row: Mapping[str, Any]) -> Client:
    return f"{row['client_id']}/{row['programme']}"


def _ledger(rows: Rows) -> tuple[Decision, ...]:
    return tuple(
        Decision(f"{row['subject']}/{row['programme']}", str(row["event_id"]), KINDS[row["type"]], row["stream"], row["position"])
        for row in rows
        if row["type"] in KINDS
    )


async def _read_topic(stack: Stack) -> tuple[set[str], frozenset[str]]:
    """The partner topic to its end: the tokens with a value, and those that got one after their tombstone."""
    name = (f"{stack.name}." if stack.name else "") + STATE_TOPIC
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.infrastructure.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or await _partitions(consumer, name)]
        consumer.assign(partitions)
        return await _last_values(consumer, await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()
