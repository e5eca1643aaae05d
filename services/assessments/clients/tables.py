"""`known_client`: the clients that scheduling has registered."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from assessments.schema import metadata
from common.contracts.corrections import ClientCorrected
from common.contracts.scheduling import ClientRegistered
from common.db import Connection

known_client = sa.Table(
    "known_client",
    metadata,
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
)

REMEMBER = """
insert into known_client (client_id, programme, language, time_zone)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
on conflict (client_id) do update
   set programme = excluded.programme, language = excluded.language, time_zone = excluded.time_zone"""


CORRECT = """
update known_client k set language = c.language, time_zone = c.time_zone
  from unnest($1::uuid[], $2::text[], $3::text[]) as c(client_id, language, time_zone) where k.client_id = c.client_id"""


async def remember(tx: Connection, registered: Sequence[ClientRegistered]) -> None:
    columns = zip(*((e.client_id, e.programme, e.language, e.time_zone) for e in registered), strict=True)
    await tx.execute(REMEMBER, *map(list, columns))


async def correct(tx: Connection, corrected: Sequence[ClientCorrected]) -> None:
    columns = zip(*((e.client_id, e.language, e.time_zone) for e in corrected), strict=True)
    await tx.execute(CORRECT, *map(list, columns))
