"""`known_client`: the clients that scheduling has registered."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from assessments.schema import metadata
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


async def remember(tx: Connection, registered: Sequence[ClientRegistered]) -> None:
    columns = zip(*((e.client_id, e.programme, e.language, e.time_zone) for e in registered), strict=True)
    await tx.execute(REMEMBER, *map(list, columns))


def inserted_with_programme(table: sa.Table) -> sa.Executable:
    """Inserts a row, its columns by their names, with its client's programme, and returns that; inserts nothing for an unknown client."""
    given = [column for column in table.c if column.name != "programme"]
    values = [sa.bindparam(column.name, type_=column.type) for column in given]
    row = sa.select(*values, known_client.c.programme).where(known_client.c.client_id == sa.bindparam("client_id"))
    return sa.insert(table).from_select([*given, table.c.programme], row).returning(table.c.programme)
