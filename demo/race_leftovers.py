"""What is left of a race: by the HTTP APIs where somebody is shown it, from the databases and the topics where nobody is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from demo.history import Client, Decision, Final, Kind, Outcome, Sharing
from demo.race_acts import Recording
from demo.race_arrivals import Arrivals, Owners
from demo.race_follower import Held, digests
from demo.race_plan import Plan
from demo.race_recipient import Recipient
from demo.race_topics import WHERE as TOPIC
from demo.race_webhook import WAY as WEBHOOK

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
CLIENTS = "select client_id::text as id from client"
TOKENS = "select token::text as id from recipient_token"
RECALLS = "select recall_id::text from recall where plan_id = $1"
OWED = """
select distinct r.client_id, r.programme from record r join sharing s using (client_id, programme) join client c using (client_id)
 where s.decision = 'opted_in' and r.category = any(s.categories) and c.plan_id = $1"""


@dataclass(frozen=True)
class Seen:
    """What the plan ended with: an export of everything, whose the tokens are, and the recalls of before the race."""

    plan: Plan
    whole: Mapping[str, Held]
    owners: Owners
    recalled_before: frozenset[str]

    def fresh(self) -> frozenset[Client]:
        by_token = {token: client for (_, token), client in self.owners.items()}
        return frozenset(by_token.get(held.token, held.token) for held in self.whole.values())


async def collect(recording: Recording, consent: Db, reporting: Db, seen: Seen) -> Final:
    ledger, plan = await read_ledger(consent), seen.plan
    opt_outs = {decision.decision_id for decision in ledger if decision.kind is Kind.OPT_OUT}
    receipts = [json.loads(row["payload"]) for row in await reporting.fetch(RECEIPTS)]
    plan_id = plan.recipient.partner.plan_id
    recalls = frozenset(row["recall_id"] for row in await reporting.fetch(RECALLS, plan_id)) - seen.recalled_before
    return Final(
        ledger=ledger,
        sharing={key_of(row): _sharing(row) for row in await consent.fetch(SHARING)} | await _shown_sharing(recording),
        projected={key_of(row): _projected(row) for row in await reporting.fetch(PROJECTED)},
        open_receipts=frozenset(str(row["decision_id"]) for row in await consent.fetch(OPEN_RECEIPTS)),
        receipts=tuple((e["decision_id"], r["sink"]) for e in receipts if e["decision_id"] in opt_outs for r in e["receipts"]),
        deletions=await _shown_deletions(plan.recipient),
        export_rows={key_of(row): row["rows"] for row in await reporting.fetch(EXPORT_ROWS)},
        topic={token: seen.owners.get((TOPIC, token)) for token in plan.topics.left},
        risen=plan.topics.risen(),
        owed=frozenset(key_of(row) for row in await reporting.fetch(OWED, plan_id)),
        fresh=seen.fresh(),
        whole=digests(seen.whole),
        followed=digests(plan.follower.copy),
        recalls=recalls,
        told=_told(plan, recalls),
        identified=await _identified(plan.recipient.arrivals, reporting),
    )


def _told(plan: Plan, recalls: frozenset[str]) -> dict[str, frozenset[str]]:
    """A plan without an endpoint is told on its topic only."""
    webhook = {WEBHOOK: frozenset(plan.endpoint.recalls)} if plan.endpoint.secret else {}
    return {"topic": plan.topics.told_of(recalls)} | webhook


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


async def _shown_deletions(recipient: Recipient) -> tuple[tuple[str, str], ...]:
    """What the exports of the race tell the plan to drop."""
    found: list[tuple[str, str]] = []
    for export in recipient.exports:
        found += [(export.export_id, reference) for reference in await recipient.deleted(export) or ()]
    return tuple(found)


async def _identified(arrivals: Arrivals, reporting: Db) -> frozenset[tuple[str, str]]:
    """No way may carry a client's own id; a webhook, which passes through whatever stands before an endpoint, not even a token."""
    clients = {row["id"] for row in await reporting.fetch(CLIENTS)}
    tokens = {row["id"] for row in await reporting.fetch(TOKENS)}
    found = {(way, id) for way, ids in arrivals.ids.items() for id in ids & clients}
    return frozenset(found | {(WEBHOOK, id) for id in arrivals.ids[WEBHOOK] & tokens})
