"""C10: what a service holds of a client is found by its registry, so every table must be in it."""

import importlib

import pytest
import sqlalchemy as sa

from common.contracts.privacy import SERVICES, RecordCategory, Scope
from common.holdings.registry import Held, NotOfAClient, Registry, columns_in_scope, faults, held_in, in_scope


def of(service: str) -> tuple[Registry, sa.MetaData]:
    importlib.import_module(f"{service}.app")
    registry: Registry = getattr(importlib.import_module(f"{service}.holdings"), service.upper())
    metadata: sa.MetaData = importlib.import_module(f"{service}.schema").metadata
    return registry, metadata


@pytest.mark.parametrize("service", SERVICES)
def test_C10_every_table_is_held_of_a_client_or_said_why_not(service: str) -> None:
    assert faults(*of(service)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_C10_a_table_that_nobody_has_classified_is_found(service: str) -> None:
    registry, metadata = of(service)
    assert faults({name: entry for name, entry in registry.items() if name != "journal"}, metadata) == ["journal: in no registry"]


@pytest.mark.parametrize("service", SERVICES)
def test_C10_whatever_names_a_client_in_a_column_is_held_or_a_sealed_copy(service: str) -> None:
    registry, metadata = of(service)
    naming = {name for name, table in metadata.tables.items() if {*table.columns.keys()} & {"client_id", "client_ids"}}
    assert naming - held_in(registry).keys() <= {"collection"}


@pytest.mark.parametrize("service", SERVICES)
def test_C10_every_reason_is_given(service: str) -> None:
    registry, _ = of(service)
    for entry in registry.values():
        said = [entry.reason] if isinstance(entry, NotOfAClient) else [*entry.without.values(), *(why for _, why in entry.instead.values())]
        assert all(said)


RESULTS, ANSWERS = RecordCategory.ASSESSMENT_RESULTS, RecordCategory.ASSESSMENT_ANSWERS
TABLE = sa.Table(
    "response", sa.MetaData(), sa.Column("response_id", sa.UUID, primary_key=True), *(sa.Column(c, sa.Text) for c in ("total", "answers"))
)
RESPONSE = Held(RESULTS, "true", columns={ANSWERS: ("answers",)})


@pytest.mark.parametrize(
    ("categories", "shown"),
    [
        ((RESULTS,), {"response_id", "total"}),
        ((RESULTS, ANSWERS), {"response_id", "total", "answers"}),
        ((ANSWERS,), {"response_id", "answers"}),
    ],
)
def test_C7_a_scope_limits_the_columns(categories: tuple[RecordCategory, ...], shown: set[str]) -> None:
    assert columns_in_scope(TABLE, RESPONSE, Scope(categories=categories)) == shown


def test_C7_a_table_of_another_category_is_out_of_scope() -> None:
    assert not in_scope(RESPONSE, Scope(categories=(RecordCategory.SAFETY,)))
