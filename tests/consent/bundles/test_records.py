"""Nothing that a service holds is left out of the files, whatever its values are, and the same parts make the same bytes."""

import io
import json
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

from fhir.resources.R4B.bundle import Bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.contracts.privacy import SERVICES, Part
from consent.bundles.composing import compose, zipped
from consent.bundles.fhir.bundle import RENDERED, references_in
from consent.bundles.records import held, record_files
from consent.bundles.views import views
from tests.consent.bundles import sample
from tests.consent.bundles.sample import ABOUT, NOW, registered, rows_of

Files = dict[str, bytes]


def record(files: Files, service: str) -> Any:
    return json.loads(files[f"records/{service}.json"])["tables"]


def test_C10_every_row_of_every_table_is_in_the_records_field_by_field() -> None:
    given_parts, left = sample.parts(), sample.disclosures()
    files = compose(ABOUT, given_parts, left, "en")
    assert {part.service for part in given_parts} == set(SERVICES)
    for service, table, row in rows_of(given_parts):
        assert row in record(files, service)[table], f"{service}.{table}"
    for part in given_parts:
        assert {table: len(rows) for table, rows in record(files, part.service).items()} == {t: len(r) for t, r in part.tables.items()}
    assert json.loads(files["records/disclosures.json"])["disclosures"] == left


def test_C10_the_manifest_names_each_file_with_its_digest_and_each_service_with_its_moment(files: Files) -> None:
    manifest = json.loads(files["manifest.json"])
    listed = {one["name"]: (one["bytes"], one["sha256"]) for one in manifest["files"]}
    others = {name: content for name, content in files.items() if name != "manifest.json"}
    assert listed == {name: (len(content), sha256(content).hexdigest()) for name, content in others.items()}
    assert manifest["as_of"] == dict.fromkeys(SERVICES, NOW.isoformat()) and manifest["request_id"] == str(ABOUT.request_id)


def test_C10_the_same_parts_in_any_order_make_the_same_bytes() -> None:
    once, left = sample.parts(), sample.disclosures()
    again = [Part(service=part.service, as_of=part.as_of, tables=dict(reversed(part.tables.items()))) for part in reversed(once)]
    one, other = compose(ABOUT, once, left, "es"), compose(ABOUT, again, left, "es")
    assert one == other
    packed = zipped(one)
    assert packed == zipped(dict(reversed(other.items())))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == one


def test_C10_what_the_page_and_the_bundle_know_by_name_are_columns_that_there_are() -> None:
    for service in SERVICES:
        tables = registered(service)
        known = {name: view for (of, name), view in views().items() if of == service}
        assert known.keys() <= tables.keys()
        assert {table for of, table in RENDERED if of == service} <= tables.keys()
        for name, view in known.items():
            assert set(view.columns) <= set(tables[name][0].columns.keys()), name


def columns(service: str, table: str) -> Iterable[str]:
    return (column.name for column in registered(service)[table][0].columns)


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ("", " ", "\u202e<script>", "infinity", "2026-13-45", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "\ud800")
    ),
    st.uuids().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    st.lists(st.text(max_size=4), max_size=2),
    st.dictionaries(st.text(max_size=4), st.one_of(st.none(), st.text(max_size=4), st.lists(st.none(), max_size=1)), max_size=2),
)
tables = {
    (service, table): st.fixed_dictionaries({}, optional=dict.fromkeys(columns(service, table), odd))
    for service, table in [*RENDERED, ("scheduling", "client"), ("scheduling", "contact"), ("consent", "journal"), ("reporting", "recall")]
}
KINDS = ("consent.opted_in.v1", "consent.opted_out.v1", "consent.declined.v1")
payload = st.one_of(odd, st.dictionaries(st.sampled_from(("programme", "categories", "occurred_at")), odd).map(json.dumps))
tables["consent", "journal"] = st.tuples(tables["consent", "journal"], st.sampled_from(KINDS), payload).map(
    lambda made: made[0] | {"type": made[1], "payload": made[2]}
)
drawn = st.sampled_from(sorted(tables)).flatmap(lambda which: st.tuples(st.just(which), tables[which]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(drawn, max_size=4), entry=st.dictionaries(st.sampled_from(sorted(sample.disclosures()[0])), odd))
def test_C10_whatever_the_values_are_nothing_is_lost_and_what_is_fhir_is_valid(
    rows: list[tuple[tuple[str, str], dict[str, Any]]], entry: dict[str, Any]
) -> None:
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for (service, table), row in rows:
        found.setdefault(service, {}).setdefault(table, []).append(row)
    given_parts = [Part(service=service, as_of=NOW, tables=tables) for service, tables in found.items()]
    files = compose(ABOUT, given_parts, [entry], "en")
    for service, table, row in rows_of(given_parts):
        assert _as_told(row) in record(files, service)[table]
    read = json.loads(files["fhir/bundle.json"])
    Bundle.model_validate(read)
    assert set(references_in(read)) <= {one["fullUrl"] for one in read["entry"]}
    assert b"<script" not in files["index.html"]
    files["index.html"].decode()


def _as_told(value: Any) -> Any:
    """JSON has no number that is none."""
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return {name: _as_told(item) for name, item in value.items()} if isinstance(value, dict) else value


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.binary(max_size=4), st.uuids(), st.datetimes(), st.dates(), st.decimals(), st.text(max_size=4)),
        lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
        max_leaves=4,
    )
)
def test_C10_rows_with_values_of_the_database_are_told_as_json(value: Any) -> None:
    part = Part(service="consent", as_of=NOW, tables={"known_client": [{"client_id": UUID(int=7), "value": value}]})
    row = record(record_files(held([part]), []), "consent")["known_client"][0]
    assert row["client_id"] == str(UUID(int=7)) and "value" in row
