"""Reads what is held of a client: all tables in one snapshot, row by row as the database has them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from common.contracts.privacy import Part, RecordCategory, Scope
from common.db import Connection, Database
from common.holdings.registry import AT_ALL_TIMES, Held, Holder, Registry, columns_in_scope, held_in, in_scope

Row = dict[str, Any]
Opening = Callable[[Row], Row]
"""Makes readable what is kept encrypted in a row."""

OF = """
with of as (select $1::uuid as client, $2::timestamptz as now, coalesce($3::date, '-infinity') as since,
                   coalesce($4::date, 'infinity') as until, $5::text as programme, $6::text[] as categories)"""
ANY_DAY = "(of.since = '-infinity' and of.until = 'infinity')"


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[Connection]:
    async with db.pool.acquire() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
        await tx.execute("set local timezone to 'UTC'")
        yield tx


async def read_part(tx: Connection, holder: Holder, client_id: UUID, scope: Scope | None, now: datetime) -> Part:
    """Within a snapshot. A table without rows is not in it."""
    found: dict[str, list[Row]] = {}
    for name, held in held_in(holder.registry).items():
        table = holder.tables[name]
        if scope is not None and not in_scope(held, scope):
            continue
        texts = await tx.fetch(_rows(table, held), *_arguments(client_id, scope, now))
        rows = [json.loads(text["row"]) for text in texts]
        if scope is not None:
            shown = columns_in_scope(table, held, scope)
            rows = [{column: value for column, value in row.items() if column in shown} for row in rows]
        if rows:
            found[name] = rows
    return Part(service=holder.service, as_of=now, tables=found)


async def count(tx: Connection, registry: Registry, client_id: UUID, now: datetime) -> list[tuple[str, RecordCategory, int]]:
    """Records by table and category, within a snapshot."""
    counted = []
    for name, held in held_in(registry).items():
        statement = (
            f'{OF} select {_category(held)} as category, count(*) as n from "{name}" t, of where {_where(held)} group by 1 order by 1'
        )
        rows = await tx.fetch(statement, *_arguments(client_id, None, now))
        counted += [(name, RecordCategory(row["category"]), int(row["n"])) for row in rows]
    return counted


def _rows(table: sa.Table, held: Held) -> str:
    """Cells are asked for one by one: what is left out never leaves the database."""
    shown = {column.name: f't."{column.name}"' for column in table.columns if column.name not in held.without}
    shown |= {name: instead for name, (instead, _) in held.instead.items()}
    pairs = [f"'{name}', {value}" for name, value in shown.items()]
    # A function takes a hundred arguments.
    cells = " || ".join(f"jsonb_build_object({', '.join(pairs[n : n + 40])})" for n in range(0, len(pairs), 40))
    order = ", ".join(f't."{column.name}"' for column in table.primary_key) or "1"
    return f'{OF} select ({cells})::text as row from "{table.name}" t, of where {_where(held)} order by {order}'


def _category(held: Held) -> str:
    return f"coalesce({held.category_of}, '{held.category}')" if held.category_of else f"'{held.category}'"


def _where(held: Held) -> str:
    """The day is UTC's."""
    always = held.category in AT_ALL_TIMES
    terms = [f"({held.where})"]
    if held.day:
        terms.append(f"(({held.day})::date between of.since and of.until or {ANY_DAY})")
    elif not always:
        terms.append(ANY_DAY)
    if held.programme:
        terms.append(f"(of.programme is null or {held.programme} is null or {held.programme} = of.programme)")
    elif not always:
        terms.append("of.programme is null")
    if held.category_of:
        terms.append(f"(of.categories is null or {_category(held)} = any(of.categories))")
    return " and ".join(terms)


def _arguments(client_id: UUID, scope: Scope | None, now: datetime) -> tuple[Any, ...]:
    if scope is None:
        return client_id, now, None, None, None, None
    return client_id, now, scope.since, scope.until, scope.programme, list(scope.categories)
