"""Registering a recipient, and finding it again."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.db import Database
from common.problems import Problem
from reporting.recipients import tables
from reporting.recipients.rules import Registration

PUT = """
insert into recipient (recipient_id, slug, smart_client_id, jwks, jwks_url, scopes, purpose, sealed, webhook_url, webhook_secret,
                       acknowledge_hours, attest_days, registered_at, changed_at)
values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
on conflict (recipient_id) do update
   set jwks = excluded.jwks, jwks_url = excluded.jwks_url, smart_client_id = excluded.smart_client_id, scopes = excluded.scopes,
       sealed = excluded.sealed, webhook_url = excluded.webhook_url, webhook_secret = excluded.webhook_secret,
       acknowledge_hours = excluded.acknowledge_hours, attest_days = excluded.attest_days, changed_at = excluded.changed_at"""

# Whoever shares with this plan already goes on its topic.
EVERYBODY_OF = """
insert into partner_dirty (client_id, programme, stream)
select s.client_id, s.programme, s.stream from sharing s join client c using (client_id) where c.plan_id = $1 and s.decision = 'opted_in'
on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1"""


async def register(db: Database, registration: Registration, now: datetime) -> None:
    r = registration
    async with db.begin_event() as tx:
        await tx.execute(
            PUT,
            r.recipient_id, r.slug, r.smart_client_id, json.dumps(r.jwks) if r.jwks else None, r.jwks_url, list(r.scopes), r.purpose,
            r.sealed, r.webhook_url, r.webhook_secret, r.acknowledge_hours, r.attest_days, now,
        )  # fmt: skip
        await tx.execute(EVERYBODY_OF, r.recipient_id)


async def read_recipient(db: Database, recipient_id: UUID) -> Registration:
    """Raises Problem where nobody is registered under this id."""
    async with db.pool.acquire() as tx:
        found = await tables.find(tx, recipient_id)
    if found is None:
        raise Problem("unknown_recipient", "No such recipient is registered.")
    return found


async def list_recipients(db: Database) -> Sequence[Registration]:
    async with db.pool.acquire() as tx:
        return await tables.every(tx)
