"""What a service holds of a client: every table of it is in its registry, as held or as not of a client."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from common.contracts.privacy import RecordCategory, Scope

Columns = Mapping[str, str]
AT_ALL_TIMES = frozenset({RecordCategory.CONTACT_AND_DEMOGRAPHICS, RecordCategory.COVERAGE})
"""What is so, and not what happened. Of the rest, what cannot be seen to be in a scope is not in it (minimum necessary)."""


@dataclass(frozen=True, slots=True)
class Held:
    """SQL over `t`, a row of the table, and `of`: `of.client`, and `of.now` (the service's time)."""

    category: RecordCategory
    where: str
    """Which rows are the client's."""
    day: str | None = None
    """A date or time: the day of a record, for `Scope.since` and `until`. None: it holds at all times, or else is in no period."""
    programme: str | None = None
    """None: of every programme where it holds at all times, else of none."""
    category_of: str | None = None
    """The category of a single row, where they differ; within those that stand in `categories`."""
    categories: tuple[RecordCategory, ...] = ()
    columns: Mapping[RecordCategory, tuple[str, ...]] = field(default_factory=dict)
    """Columns of another category than their row's."""
    without: Columns = field(default_factory=dict)
    """Columns that are left out, each with the reason."""
    instead: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Columns that are shown otherwise: what is shown, and the reason."""


@dataclass(frozen=True, slots=True)
class NotOfAClient:
    """`reason`: why nobody asks for it, or where what is in it stands instead."""

    reason: str


Registry = Mapping[str, Held | NotOfAClient]


@dataclass(frozen=True, slots=True)
class Holder:
    """A service, with what it holds."""

    service: str
    registry: Registry
    tables: Mapping[str, sa.Table]


def held_in(registry: Registry) -> dict[str, Held]:
    return {table: entry for table, entry in sorted(registry.items()) if isinstance(entry, Held)}


def in_scope(held: Held, scope: Scope) -> bool:
    wanted = set(scope.categories)
    return bool(wanted & {held.category, *held.categories, *held.columns})


def columns_in_scope(table: sa.Table, held: Held, scope: Scope) -> set[str]:
    """Of a row that is in a part for columns of another category only: these, and what says which row and whose it is."""
    elsewhere = {name: category for category, names in held.columns.items() for name in names}
    if {held.category, *held.categories} & set(scope.categories):
        return {column.name for column in table.columns if elsewhere.get(column.name, held.category) in {held.category, *scope.categories}}
    which = {column.name for column in table.primary_key} | {"client_id", "programme"}
    return {column.name for column in table.columns if column.name in which or elsewhere.get(column.name) in scope.categories}


def faults(registry: Registry, metadata: sa.MetaData) -> list[str]:
    """Tables that nobody has classified, and lines of the registry that fit no table."""
    found = [f"{name}: in no registry" for name in sorted(metadata.tables.keys() - registry.keys())]
    found += [f"{name}: no such table" for name in sorted(registry.keys() - metadata.tables.keys())]
    for name, held in held_in(registry).items():
        named = {*held.without, *held.instead, *(column for columns in held.columns.values() for column in columns)}
        known = set(metadata.tables[name].columns.keys()) if name in metadata.tables else named
        found += [f"{name}.{column}: no such column" for column in sorted(named - known)]
    return found
