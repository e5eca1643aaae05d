"""What the databases hold of somebody, found without the registries: every table is copied out as PostgreSQL writes it, and looked through
for the client's id, for the ids of what was found so, and so on until nothing is added."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from common.contracts.privacy import SERVICES
from deploy.local.stack import Stack

COLUMNS = """
select c.table_name, c.column_name, c.udt_name,
       exists (select from information_schema.key_column_usage k join information_schema.table_constraints t using (constraint_name)
                where t.constraint_type = 'PRIMARY KEY' and k.table_name = c.table_name and k.column_name = c.column_name) as key
  from information_schema.columns c join information_schema.tables b using (table_schema, table_name)
 where c.table_schema = 'public' and b.table_type = 'BASE TABLE' order by c.table_name, c.ordinal_position"""
ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Row = dict[str, Any]
Found = dict[tuple[str, str], list[Row]]
"""By service and table."""


@dataclass(frozen=True)
class Table:
    service: str
    name: str
    types: Mapping[str, str]
    keys: frozenset[str]
    rows: list[dict[str, str | None]]


async def dump(stack: Stack) -> list[Table]:
    return [table for service in SERVICES for table in await _tables(stack, service)]


async def _tables(stack: Stack, service: str) -> list[Table]:
    db = await asyncpg.connect(stack.database(service), server_settings={"timezone": "UTC"})
    try:
        columns: dict[str, dict[str, str]] = {}
        keys: dict[str, set[str]] = {}
        for row in await db.fetch(COLUMNS):
            columns.setdefault(row["table_name"], {})[row["column_name"]] = row["udt_name"]
            keys.setdefault(row["table_name"], set()).update([row["column_name"]] if row["key"] else [])
        return [Table(service, name, types, frozenset(keys[name]), await _copied(db, name, types)) for name, types in columns.items()]
    finally:
        await db.close()


async def _copied(db: Any, name: str, types: Mapping[str, str]) -> list[dict[str, str | None]]:
    await db.copy_from_query(f'select * from "{name}"', output=(written := io.BytesIO()))
    return [dict(zip(types, map(_cell, line.split("\t")), strict=True)) for line in written.getvalue().decode().splitlines()]


def _cell(text: str) -> str | None:
    return None if text == r"\N" else re.sub(r"\\(.)", lambda found: ESCAPED[found[1]], text)


def about(tables: list[Table], client: UUID, other: UUID, without: set[str]) -> Found:
    """`other`: somebody who has something in common with the client, and rows of their own. `without`: tables that are not looked into."""
    ids, known = {str(client)}, 0
    found: Found = {}
    while len(ids) > known:
        known = len(ids)
        found = {}
        for table in (table for table in tables if table.name not in without):
            rows = [row for row in table.rows if ids & (named := _ids_in(row)) and (str(other) not in named or str(client) in named)]
            ids |= {row[column] or "" for row in rows for column in _own_ids(table)}
            if rows:
                found[table.service, table.name] = [{name: read(text, table.types[name]) for name, text in row.items()} for row in rows]
    return found


def _ids_in(row: Mapping[str, str | None]) -> set[str]:
    return {found for text in row.values() if text for found in ID.findall(text)}


def _own_ids(table: Table) -> set[str]:
    """What names the row itself, and the token under which a recipient knows somebody."""
    alone = table.keys if len(table.keys) == 1 else set()
    return {column for column, kind in table.types.items() if kind == "uuid" and (column in alone or column == "token")}


def read(text: str | None, kind: str) -> Any:
    """A cell as PostgreSQL copies it out."""
    if text is None:
        return None
    if kind.startswith("_"):
        return [read(item.strip('"'), kind[1:]) for item in text[1:-1].split(",") if item]
    if kind in ("int2", "int4", "int8"):
        return int(text)
    if kind in ("float4", "float8", "numeric"):
        return float(text)
    if kind == "bool":
        return text == "t"
    if kind == "timestamptz":
        return datetime.fromisoformat(text)
    return json.loads(text) if kind == "jsonb" else text


def told(value: Any, kind: str) -> Any:
    """The same as it stands in a part."""
    if isinstance(value, list) and kind.startswith("_"):
        return [told(item, kind[1:]) for item in value]
    return datetime.fromisoformat(value) if kind == "timestamptz" and value is not None else value
