"""What was last found of each client and programme, in `eligibility_verdict`, and the open requests whose providers are told (S2)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from scheduling.eligibility.rules import DETAILS, Reason, Verdict
from scheduling.eligibility.tables import eligibility_verdict, one_of
from scheduling.requests.tables import consultation_request

NOBODY_WAITS = ("declined", "withdrawn", "timed_out", "not_a_good_fit", "ended")
"""The states of a request in which no provider sees its client or is to see it."""


async def last_verdicts(tx: AsyncConnection, client_ids: Collection[UUID]) -> dict[tuple[UUID, Programme], Verdict]:
    rows = await tx.execute(sa.select(eligibility_verdict).where(one_of(eligibility_verdict.c.client_id, client_ids)))
    verdicts = (
        Verdict(
            client_id=row.client_id,
            programme=Programme(row.programme),
            as_of=row.as_of,
            eligible=not row.reason,
            reason=Reason(row.reason),
            detail=DETAILS[Reason(row.reason)],
            employer_id=row.employer_id,
            plan_id=row.plan_id,
            source=row.source,
        )
        for row in rows
    )
    return {(found.client_id, found.programme): found for found in verdicts}


KEEP = """
insert into eligibility_verdict (client_id, programme, as_of, reason, employer_id, plan_id, source, verified_at)
select *, $8::timestamptz from unnest($1::uuid[], $2::text[], $3::date[], $4::text[], $5::uuid[], $6::uuid[], $7::text[])
on conflict (client_id, programme) do update set as_of = excluded.as_of, reason = excluded.reason, employer_id = excluded.employer_id,
  plan_id = excluded.plan_id, source = excluded.source, verified_at = excluded.verified_at"""


async def keep(tx: AsyncConnection, found: Sequence[Verdict], now: datetime) -> None:
    """In one order, so that two who keep the same ones do not deadlock."""
    rows = sorted(found, key=lambda verdict: (verdict.client_id, verdict.programme))
    if rows:
        columns = ("client_id", "programme", "as_of", "reason", "employer_id", "plan_id", "source")
        await tx.exec_driver_sql(KEEP, (*([getattr(verdict, name) for verdict in rows] for name in columns), now))


async def open_requests(tx: AsyncConnection, client_ids: Collection[UUID]) -> list[tuple[UUID, UUID, UUID]]:
    """Client, provider and request."""
    c = consultation_request.c
    wanted = sa.select(c.client_id, c.provider_id, c.request_id).where(one_of(c.client_id, client_ids), c.state.not_in(NOBODY_WAITS))
    return [(row.client_id, row.provider_id, row.request_id) for row in await tx.execute(wanted)]
