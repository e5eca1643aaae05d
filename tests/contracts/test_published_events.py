"""Whatever was ever published stays readable, and what is published now is written down."""

import copy
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from common.cloudevents import Entry, Malformed, from_record, to_headers
from common.contracts import asyncapi
from common.contracts.catalogue import EVENTS
from common.contracts.compatibility import breaks
from deploy.generate import broken_contracts

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = sorted(GOLDEN.glob("*.json"))


def test_every_event_has_a_golden_example() -> None:
    assert {file.stem.split("~")[0] for file in EXAMPLES} == set(EVENTS)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_golden_example_reads_and_writes_back_the_same(file: Path) -> None:
    kind = EVENTS[file.stem.split("~")[0]]
    event = kind.from_json(file.read_text())
    assert json.loads(event.to_json()) == json.loads(file.read_text())
    assert isinstance(event.subject, UUID)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_consumer_passes_over_fields_that_it_does_not_know(file: Path) -> None:
    kind = EVENTS[file.stem.split("~")[0]]
    assert kind.from_json(json.dumps(json.loads(file.read_text()) | {"later": "field"})) == kind.from_json(file.read_text())


def test_nothing_published_would_break_its_readers() -> None:
    assert broken_contracts() == []


def change(path: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an opt-in, changed in one place."""
    changed = copy.deepcopy(schema)
    match path:
        case "removed":
            del changed["properties"]["categories"]
        case "renamed":
            changed["properties"]["scope"] = changed["properties"].pop("programme")
        case "newly required":
            changed["properties"]["reason"] = {"type": "string"}
            changed["required"].append("reason")
        case "no longer always there":
            changed["required"].remove("programme")
        case "another type":
            changed["properties"]["notice_version"] = {"type": "integer"}
        case "value removed":
            changed["properties"]["programme"]["enum"].pop()
        case "value removed within a list":
            changed["properties"]["categories"]["items"]["enum"].pop()
    return changed


@pytest.mark.parametrize(
    "path",
    ["removed", "renamed", "newly required", "no longer always there", "another type", "value removed", "value removed within a list"],
)
def test_a_breaking_change_is_seen(path: str) -> None:
    published = asyncapi.schema_of(EVENTS["consent.opted_in.v1"])
    assert breaks(published, published) == []
    assert breaks(published, change(path, published)) != []


def test_a_new_optional_field_and_a_new_value_are_no_break() -> None:
    published = asyncapi.schema_of(EVENTS["consent.opted_in.v1"])
    changed = copy.deepcopy(published)
    changed["properties"]["campaign"] = {"type": "string", "default": ""}
    changed["properties"]["channel"]["enum"].append("email")
    assert breaks(published, changed) == []


ENTRY = Entry(
    "consent",
    3,
    41,
    UUID("11111111-1111-4111-8111-111111111111"),
    "consent.opted_out.v1",
    UUID("22222222-2222-4222-8222-222222222222"),
    '{"a":1}',
    bytes(range(32)),
    "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
)


def test_an_entry_travels_as_a_binary_cloudevent_and_comes_back_the_same() -> None:
    headers = to_headers(ENTRY)
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"11111111-1111-4111-8111-111111111111",
        "ce_source": b"/care-connect/consent",
        "ce_type": b"consent.opted_out.v1",
        "ce_subject": b"22222222-2222-4222-8222-222222222222",
        "ce_partitionkey": b"22222222-2222-4222-8222-222222222222",
        "ce_sequence": b"41",
        "ce_digest": bytes(range(32)).hex().encode(),
        "content-type": b"application/json",
        "traceparent": b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01",
    }
    assert from_record("consent", 3, headers, b'{"a":1}') == ENTRY


@pytest.mark.parametrize("missing", ["ce_id", "ce_source", "ce_type", "ce_subject", "ce_sequence", "ce_digest"])
def test_a_record_without_its_attributes_is_no_entry(missing: str) -> None:
    headers = [(name, value) for name, value in to_headers(ENTRY) if name != missing]
    with pytest.raises(Malformed):
        from_record("consent", 3, headers, b'{"a":1}')


def test_a_record_of_another_journal_a_tombstone_and_bytes_that_are_no_text_are_no_entries() -> None:
    for source, value in (("scheduling", b"{}"), ("consent", None), ("consent", b"\xff\xfe")):
        with pytest.raises(Malformed):
            from_record(source, 3, to_headers(ENTRY), value)
