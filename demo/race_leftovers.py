"""What is left of a race: by the HTTP APIs where somebody is shown it, from the databases and the partner topic where nobody is."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from common.contracts.partner import STATE_TOPIC
from demo.history import Client, Decision, Final, Kind, Outcome, Sharing
from demo.race_acts import Recording
from deploy.local.stack import Stack

if TYPE_CHECKING:
    Db = asyncpg.Connection[asyncpg.Record]
else:
    Db = asyncpg.Connection

KINDS = {"consent.opted_in.v1": Kind.OPT_IN, "consent.declined.v1": Kind.DECLINE, "consent.opted_out.v1": Kind.OPT_OUT}

LEDGER = "select stream, position, event_id, type, subject, payload::jsonb ->> 'programme' as programme from journal order by 1, 2"
SHARING = "select client_id, programme, version, decision, decision_id from sharing"
OPEN_RECEIPTS = "select distinct decision_id from receipt where done_at is null"
PROJECTED = "select client_id, programme, decision, position, token from sharing"
RECEIPTS = "select payload from journal where type = 'reporting.redaction_applied.v1'"
EXPORT_ROWS = "select client_id, programme, count(*) as rows from export_row group by 1, 2"
OWED = """
select distinct r.client_id, r.programme from record r join sharing s using (client_id, programme) join client c using (client_id)
 where s.decision = 'opted_in' and r.category = any(s.categories) and c.plan_id = $1"""


async def collect(recording: Recording, consent: Db, reporting: Db, owners: Mapping[str, Client], fresh: frozenset[Client]) -> Final:
    ledger = await read_ledger(consent)
    opt_outs = {decision.decision_id for decision in ledger if decision.kind is Kind.OPT_OUT}
    receipts = [json.loads(row["payload"]) for row in await reporting.fetch(RECEIPTS)]
    values, risen = await _read_topic(recording.stack)
    return Final(
        ledger=ledger,
        sharing={key_of(row): _sharing(row) for row in await consent.fetch(SHARING)} | await _shown_sharing(recording),
        projected={key_of(row): _projected(row) for row in await reporting.fetch(PROJECTED)},
        open_receipts=frozenset(str(row["decision_id"]) for row in await consent.fetch(OPEN_RECEIPTS)),
        receipts=tuple((e["decision_id"], r["sink"]) for e in receipts if e["decision_id"] in opt_outs for r in e["receipts"]),
        deletions=await _shown_deletions(recording),
        export_rows={key_of(row): row["rows"] for row in await reporting.fetch(EXPORT_ROWS)},
        topic={token: owners.get(token) for token in values},
        risen=frozenset(risen),
        owed=frozenset(key_of(row) for row in await reporting.fetch(OWED, recording.plan_id)),
        fresh=fresh,
    )


def key_of(row: asyncpg.Record) -> Client:
    return f"{row['client_id']}/{row['programme']}"


async def read_ledger(consent: Db) -> tuple[Decision, ...]:
    return tuple(
        Decision(f"{row['subject']}/{row['programme']}", str(row["event_id"]), KINDS[row["type"]], row["stream"], row["position"])
        for row in await consent.fetch(LEDGER)
        if row["type"] in KINDS
    )


def _sharing(row: asyncpg.Record) -> Sharing:
    return Sharing(row["decision"] == "opted_in", row["version"], str(row["decision_id"]))


def _projected(row: asyncpg.Record) -> Sharing:
    return Sharing(row["decision"] == "opted_in", row["position"], token=str(row["token"]))


async def _shown_sharing(recording: Recording) -> dict[Client, Sharing]:
    """What each client of the race is shown."""
    shown = {}
    for client in sorted({attempt.client for attempt in recording.attempts}):
        client_id, _, programme = client.partition("/")
        url = f"{recording.one_of('consent')}/v1/clients/{client_id}/sharing/{programme}"
        answer = await recording.recorder.ask("GET", url, recording.bearer("client", client_id))
        if answer.outcome is Outcome.OK:
            state = json.loads(answer.body)
            shown[client] = Sharing(state["shared"], state["version"], state["decision_id"])
    return shown


async def _shown_deletions(recording: Recording) -> tuple[tuple[str, str], ...]:
    """What the manifests of the race tell the plan to drop."""
    found = []
    for export_id in recording.exports:
        url = f"{recording.one_of('reporting')}/v1/exports/{export_id}"
        answer = await recording.recorder.ask("GET", url, recording.bearer("plan", recording.plan_id))
        if answer.outcome is Outcome.OK:
            found += [(export_id, deletion["token"]) for deletion in json.loads(answer.body)["deleted"]]
    return tuple(found)


async def _read_topic(stack: Stack) -> tuple[set[str], set[str]]:
    """The partner topic to its end: the tokens that it holds a value for, and those that got one after their tombstone."""
    topic = (f"{stack.name}." if stack.name else "") + STATE_TOPIC
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.infrastructure.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        return await _values(consumer, await consumer.end_offsets(list(consumer.assignment())))
    finally:
        await consumer.stop()


async def _values(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> tuple[set[str], set[str]]:
    values: set[str] = set()
    ended: set[str] = set()
    risen: set[str] = set()
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                token = record.key.decode()
                if record.value is None:
                    values.discard(token)
                    ended.add(token)
                else:
                    values.add(token)
                    risen |= {token} & ended
    return values, risen
