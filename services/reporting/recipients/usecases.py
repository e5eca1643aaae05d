"""Registering a recipient, and finding it again."""

import json
from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes
from uuid import UUID

import asyncpg

from common.db import Connection, Database
from common.problems import Problem
from reporting.authorization.tables import end_tokens
from reporting.recipients import tables
from reporting.recipients.rules import Registration, check_slug, ends_tokens, webhook_secret

PUT = """
insert into recipient (recipient_id, slug, smart_client_id, jwks, jwks_url, scopes, purpose, sealed, webhook_url, webhook_secret,
                       acknowledge_hours, attest_days, registered_at, changed_at)
values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
on conflict (recipient_id) do update
   set jwks = excluded.jwks, jwks_url = excluded.jwks_url, smart_client_id = excluded.smart_client_id, scopes = excluded.scopes,
       purpose = excluded.purpose, sealed = excluded.sealed, webhook_url = excluded.webhook_url, webhook_secret = excluded.webhook_secret,
       acknowledge_hours = excluded.acknowledge_hours, attest_days = excluded.attest_days, changed_at = excluded.changed_at"""

# Whoever shares with this plan already goes on its topic.
EVERYBODY_OF = """
insert into partner_dirty (client_id, programme, stream)
select s.client_id, s.programme, s.stream from sharing s join client c using (client_id) where c.plan_id = $1 and s.decision = 'opted_in'
on conflict (client_id, programme) do update set marks = partner_dirty.marks + 1"""
# Two first registrations of one plan at once: the second sees the first.
ONE_AFTER_THE_OTHER = "select pg_advisory_xact_lock(hashtextextended($1, 8))"
UNIQUE = {"recipient_slug_key": "slug", "recipient_smart_client_id_key": "smart_client_id"}


async def register(db: Database, asked: Registration, now: datetime, *, rotate: bool = False) -> tuple[Registration, bool]:
    """What is registered now, and whether its webhook's secret is a new one; `asked` has none. Other keys, scopes or another client end
    all access tokens. Raises Problem (`already_exists`)."""
    try:
        async with db.begin_event() as tx:
            await tx.execute(ONE_AFTER_THE_OTHER, str(asked.recipient_id))
            before = await tables.for_change(tx, asked.recipient_id)
            secret = webhook_secret(before, asked.webhook_url, lambda: token_bytes(24), rotate=rotate)
            made = asked.model_copy(update={"webhook_secret": secret})
            await _put(tx, before, made, now)
    except asyncpg.UniqueViolationError as error:
        field = UNIQUE[str(error.constraint_name)]
        raise Problem("already_exists", "Another recipient is registered with this.", field=field) from error
    return made, secret is not None and (before is None or before.webhook_secret != secret)


async def _put(tx: Connection, before: Registration | None, made: Registration, now: datetime) -> None:
    if before is not None:
        check_slug(before.slug, made.slug)
    await tx.execute(
        PUT,
        made.recipient_id, made.slug, made.smart_client_id, json.dumps(made.jwks) if made.jwks else None, made.jwks_url, list(made.scopes),
        made.purpose, made.sealed, made.webhook_url, made.webhook_secret, made.acknowledge_hours, made.attest_days, now,
    )  # fmt: skip
    await tx.execute(EVERYBODY_OF, made.recipient_id)
    if before is not None and ends_tokens(before, made):
        await end_tokens(tx, made.recipient_id)


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
