"""`unit` and `rollup`: what was counted, read and changed. Whoever writes here holds the turn (counting.py)."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from common.contracts.vocabulary import Programme
from common.db import Connection
from reporting.release_ledger.cells import Counted
from reporting.rollups.bins import Bins
from reporting.rollups.rules import Unit

LAST_CLOSED = "select family, max(month) as month from closing group by family"

UNITS = """
select family, client_id, unit_id, month, late, plan_id, employer_id, programme, provider_id, bins::text as bins
  from unit where client_id = any($1::uuid[])"""

REMOVE_UNITS = """
delete from unit u using unnest($1::text[], $2::uuid[], $3::int[]) as r(family, client_id, year)
 where u.family = r.family and u.client_id = r.client_id and u.year = r.year"""

ADD_UNITS = """
insert into unit (family, client_id, year, unit_id, month, late, plan_id, employer_id, programme, provider_id, bins)
select family, client_id, year, unit_id, month, late, plan_id, employer_id, programme, provider_id, bins::jsonb
  from unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::bool[], $7::uuid[], $8::uuid[], $9::text[], $10::uuid[],
              $11::text[])
    as u(family, client_id, year, unit_id, month, late, plan_id, employer_id, programme, provider_id, bins)"""

ADD_COUNTS = """
insert into rollup (family, month, dimension, plan_id, employer_id, programme, provider_id, kind, a, b, n)
select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::int[], $10::int[],
                     $11::int[])
on conflict (family, month, dimension, plan_id, employer_id, programme, provider_id, kind, a, b) do update set n = rollup.n + excluded.n
returning n"""

REMOVE_EMPTY = "delete from rollup where n = 0"

EVERYTHING = "select family, month, dimension, plan_id, employer_id, programme, provider_id, kind, a, b, n from rollup"

ROLLUP = """
select family, dimension, plan_id, employer_id, programme, month, provider_id, kind, a, b, n
  from rollup where family = $1 and month = any($2::text[])"""


class Key(NamedTuple):
    """What a row of the rollup counts."""

    family: str
    month: str
    dimension: str
    plan_id: UUID
    employer_id: UUID
    programme: str
    provider_id: UUID | None
    kind: str
    a: int
    b: int


class Stored(NamedTuple):
    """A row of `unit`."""

    family: str
    client_id: UUID
    unit_id: UUID
    month: str
    late: bool
    plan_id: UUID
    employer_id: UUID
    programme: str
    provider_id: UUID | None
    bins: Bins

    @property
    def year(self) -> int:
        return int(self.month[:4])

    def counted(self) -> Iterator[Key]:
        for dimension, (kind, a, b) in self.bins.items():
            whose = self.plan_id, self.employer_id, self.programme, self.provider_id
            yield Key(self.family, self.month, dimension, *whose, kind, a, b)


def stored(unit: Unit) -> Stored:
    return Stored(*(getattr(unit, name) for name in Stored._fields))


async def last_closed(tx: Connection) -> dict[str, str]:
    """Each family's; none for a family of which no month is closed."""
    return {row["family"]: row["month"] for row in await tx.fetch(LAST_CLOSED)}


async def units_of(tx: Connection, client_ids: Collection[UUID]) -> list[Stored]:
    return [Stored(**{**row, "bins": _bins(row["bins"])}) for row in await tx.fetch(UNITS, list(client_ids))]


def _bins(written: str) -> Bins:
    return {dimension: (kind, a, b) for dimension, (kind, a, b) in json.loads(written).items()}


async def replace_units(tx: Connection, gone: Sequence[Stored], come: Sequence[Stored]) -> None:
    """And what they add to and take from the counts. Raises AssertionError where a count would fall below zero."""
    if gone:
        await tx.execute(REMOVE_UNITS, [u.family for u in gone], [u.client_id for u in gone], [u.year for u in gone])
    if come:
        rows = [(u.family, u.client_id, u.year, *u[2:-1], json.dumps(u.bins)) for u in come]
        await tx.execute(ADD_UNITS, *map(list, zip(*rows, strict=True)))
    await _count(tx, gone, come)


async def _count(tx: Connection, gone: Iterable[Stored], come: Iterable[Stored]) -> None:
    changes = Counter(key for unit in come for key in unit.counted())
    changes.subtract(key for unit in gone for key in unit.counted())
    rows = [(*key, n) for key, n in changes.items() if n]
    if rows:
        left = await tx.fetch(ADD_COUNTS, *map(list, zip(*rows, strict=True)))
        assert min(row["n"] for row in left) >= 0, "somebody is taken away who was never counted"
        await tx.execute(REMOVE_EMPTY)


async def rollup_of(tx: Connection, family: str, months: Collection[str]) -> list[Counted]:
    """Of these months."""
    rows = await tx.fetch(ROLLUP, family, list(months))
    return [Counted(**{**row, "programme": Programme(row["programme"])}) for row in rows]


async def everything(tx: Connection) -> dict[Key, int]:
    return {Key(*row[:-1]): row["n"] for row in await tx.fetch(EVERYTHING)}
