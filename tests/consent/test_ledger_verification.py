"""Whatever somebody with full access to the database does to the ledger or its checkpoints is found, and where."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from common.cloudevents import Entry
from common.db import Connection, Database
from common.migrate import migrate
from consent.ledger import usecases
from consent.ledger.__main__ import told, verify_database, verify_export
from consent.ledger.exports import keys_line, line_of
from consent.ledger.rules import MOST_FINDINGS, CheckpointRow, Head
from consent.ledger.seals import digest_of_checkpoint, payload_of
from consent.ledger.signing import Signer, make_key, verify_with
from consent.ledger.usecases import rows, snapshot, verify_ledger
from consent.receipts.rules import PROOF_TYPE
from consent.receipts.rules import RECEIPT_TYPE as RECEIPT
from consent.schema import metadata
from deploy.local.infrastructure import Infrastructure
from tests.consent.ledger import END, NOON, STREAMS, Kept, places

MIGRATIONS = Path(usecases.__file__).parents[1] / "migrations"
UNSEALED = {"traceparent", "recorded_at"}
"""Columns of a line that are no evidence: of no digest."""


@pytest.fixture(scope="module")
async def database(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"ledger_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "consent", MIGRATIONS, metadata, STREAMS)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "consent.pem"
    make_key(path)
    return path


@pytest.fixture(scope="module")
async def kept(database: Database, key: Path) -> Kept:
    return await Kept(database, Signer.from_file(key)).grow()


async def test_an_intact_ledger_has_no_finding_and_every_line_was_looked_at(kept: Kept) -> None:
    async with kept.db.pool.acquire() as tx:
        witnesses = [await kept.head_of(tx, 0, 10), await kept.head_of(tx, 1, 4), Head(3, 0, bytes(32))]
        receipts = [await kept.receipt(tx, 0, 10), await kept.receipt(tx, 2, 1)]
    verified = await verify_ledger(kept.ledger, witnesses, receipts)
    assert verified.findings == [] and verified.status == "intact"
    assert (verified.streams, verified.lines, verified.checkpoints, verified.receipts, verified.witnesses) == (4, 20, 3, 2, 3)


@pytest.mark.parametrize("stream", [0, 1, 2])
@pytest.mark.parametrize(
    "change",
    [
        "payload = replace(payload, 'number', 'numbre')",
        "type = 'consent.opted_in.v1'",
        "subject = gen_random_uuid()",
        "event_id = gen_random_uuid()",
        "digest = sha256(digest)",
        "payload = payload || ' ', digest = sha256(digest)",
    ],
)
async def test_a_changed_line_is_found_where_it_stands_and_nowhere_else(kept: Kept, change: str, stream: int) -> None:
    for position in range(1, END[stream] + 1):
        found = await kept.after(f"update journal set {change} where stream = {stream} and position = {position}")
        assert found[0] == ("changed", stream, position, None), found
        both = change.startswith("payload") and "digest" in change  # nothing tells then whether the next is what it was
        also = [("changed", stream, position + 1, None), ("head", stream, position, None), ("rewritten", stream, position, None)]
        assert len(found) == 1 or (both and len(found) <= 3 and found[1] in also), found


@pytest.mark.parametrize("stream", [0, 1, 2])
async def test_a_removed_line_is_found_where_it_stood(kept: Kept, stream: int) -> None:
    for position in range(1, END[stream] + 1):
        found = await kept.after(f"delete from journal where stream = {stream} and position = {position}")
        last = position == END[stream]
        assert found == [("truncated" if last else "missing", stream, position, None)]


async def test_a_removed_line_is_found_though_the_others_were_moved_down(kept: Kept) -> None:
    for position in range(1, 8):
        found = await kept.after(
            f"delete from journal where stream = 0 and position = {position}",
            f"update journal set position = position + 999 where stream = 0 and position > {position}",
            "update journal set position = position - 1000 where stream = 0 and position > 500",
        )
        assert found[0] == ("missing", 0, position, None), found
        assert [what for what, *_ in found[1:]] == ["head"]


async def test_two_lines_that_changed_places_are_both_named_and_no_other(kept: Kept) -> None:
    for first in range(1, 10):
        for second in range(first + 1, 11):
            found = await kept.after(
                f"update journal set position = case position when {first} then {second + 100} else {first + 100} end"
                f" where stream = 0 and position in ({first}, {second})",
                "update journal set position = position - 100 where position > 100",
            )
            assert [f for f in found if f[0] == "reordered"] == [("reordered", 0, first, None), ("reordered", 0, second, None)], found
            assert {f[0] for f in found} <= {"reordered", "head"}
            assert second == 10 or len(found) == 2, found


async def test_an_added_line_is_found_at_the_end_in_the_middle_and_before_the_first(kept: Kept) -> None:
    def insert(position: int, stream: int = 0) -> str:
        return f"""insert into journal (stream, position, type, event_id, subject, payload, digest)
                   values ({stream}, {position}, 'x', gen_random_uuid(), gen_random_uuid(), '{{}}', sha256('x'))"""

    assert (await kept.after(insert(11)))[0] == ("changed", 0, 11, None)
    assert ("added", 0, 11, None) in await kept.after(insert(11))
    assert await kept.after(insert(0)) == [("reordered", 0, 0, None)]
    for position in range(1, 9):
        found = await kept.after(
            f"update journal set position = position + 1001 where stream = 0 and position >= {position}",
            "update journal set position = position - 1000 where stream = 0 and position > 500",
            insert(position),
        )
        assert found[0] == ("added", 0, position, None), found
    assert ("head", 77, 1, None) in await kept.after(insert(1, stream=77))


async def test_a_consistent_rewrite_is_found_between_the_checkpoints_around_it(kept: Kept) -> None:
    """Checkpoints stand at 3, 5 and 8: what begins between two of them breaks the later one first."""
    for start, first, checkpoint in ((1, 1, 1), (3, 1, 1), (4, 4, 2), (5, 4, 2), (6, 6, 3), (8, 6, 3)):
        async with kept.tampered() as tx:
            await kept.rewrite(tx, 0, start, "payload = replace(payload, 'number', 'numbre')")
            found = (await kept.verify(tx)).findings
        assert places(found) == [("rewritten", 0, first, checkpoint)]
        assert f"checkpoint {checkpoint} states" in found[0].detail


async def test_a_rewrite_after_the_last_checkpoint_is_found_by_a_witness_and_by_a_receipt(kept: Kept) -> None:
    async with kept.tampered() as tx:
        witness, receipt = await kept.head_of(tx, 0, 10), await kept.receipt(tx, 0, 9)
        await kept.rewrite(tx, 0, 9, "payload = replace(payload, 'number', 'numbre')")
        assert (await kept.verify(tx)).findings == []
        assert places((await kept.verify(tx, [witness])).findings) == [("differs_from_witness", 0, 10, None)]
        assert places((await kept.verify(tx, [], [receipt])).findings) == [("differs_from_receipt", 0, 9, None)]


async def test_a_consistent_truncation_is_found_by_checkpoint_witness_receipt_and_kept_checkpoint(kept: Kept) -> None:
    async with kept.tampered() as tx:
        witness, receipt = await kept.head_of(tx, 0, 10), await kept.receipt(tx, 0, 9)
        newest: str = await tx.fetchval("select jws from checkpoint where number = 3")
        await kept.truncate(tx, 0, 6)
        assert places((await kept.verify(tx)).findings) == [("truncated", 0, 7, 3)]
        await kept.truncate(tx, 1, 2)
        await kept.forget_checkpoints(tx, 2)
        assert (await kept.verify(tx)).findings == [], "nothing in the database tells"
        assert places((await kept.verify(tx, [witness])).findings) == [("truncated", 0, 7, None)]
        assert places((await kept.verify(tx, [], [receipt])).findings) == [("truncated", 0, 7, None)]
        missing = [("checkpoint_missing", None, None, 3), ("truncated", 0, 7, 3), ("truncated", 1, 3, 3)]
        assert places((await kept.verify(tx, [], [newest])).findings) == missing
        await tx.execute("delete from journal where stream = 1")
        await tx.execute("update journal_head set position = 0, digest = decode(repeat('00', 32), 'hex') where stream = 1")
        assert places((await kept.verify(tx)).findings) == [("truncated", 1, 1, 1)]


async def test_a_ledger_signed_again_after_it_was_truncated_or_rewritten_contradicts_its_older_checkpoints(kept: Kept) -> None:
    async with kept.tampered() as tx:
        await kept.truncate(tx, 0, 6)
        await sign(kept, tx)
        assert ("truncated", 0, 7, 4) in places((await kept.verify(tx)).findings)
    async with kept.tampered() as tx:
        await kept.truncate(tx, 0, 8)
        await kept.rewrite(tx, 0, 7, "payload = '{}'")
        await sign(kept, tx)
        assert places((await kept.verify(tx)).findings) == [("rewritten", 0, 9, 4), ("rewritten", 0, 6, 3)]


async def sign(kept: Kept, tx: Connection, number: int = 4, signer: Signer | None = None, **other: Any) -> str:
    """A next checkpoint over whatever stands there."""
    heads = [Head(**row) for row in await tx.fetch("select stream, position, digest from journal_head order by stream")]
    previous = digest_of_checkpoint(await tx.fetchval("select jws from checkpoint where number = $1", number - 1) or "")
    jws = (signer or kept.signer).sign("ledger-checkpoint+jwt", payload_of("consent", number, previous, NOON, heads) | other)
    await tx.execute("insert into checkpoint values ($1, $2, $3, $4)", number, previous, jws, NOON)
    await tx.execute("update checkpoint_head set number = $1, digest = $2", number, digest_of_checkpoint(jws))
    return jws


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("update checkpoint set jws = overlay(jws placing 'AAAA' from 200) where number = 2", ["checkpoint_signature 2"]),
        ("update checkpoint set jws = 'x' where number = 3", ["checkpoint_signature 3"]),
        ("update checkpoint set previous = sha256(previous) where number = 2", ["checkpoint_changed 2"]),
        ("update checkpoint set made_at = made_at + interval '1 us' where number = 2", ["checkpoint_changed 2"]),
        ("update checkpoint set jws = (select jws from checkpoint where number = 1) where number = 2", ["checkpoint_reordered 2"]),
        ("delete from checkpoint where number = 1", ["checkpoint_missing 1"]),
        ("delete from checkpoint where number = 2", ["checkpoint_missing 2"]),
        ("delete from checkpoint where number = 3", ["checkpoint_missing 3"]),
        ("delete from checkpoint", ["checkpoint_missing 1"]),
        (
            "update checkpoint set number = 15 - number where number > 1; update checkpoint set number = number - 10 where number > 10",
            ["checkpoint_reordered 2", "checkpoint_reordered 3"],
        ),
        ("update checkpoint set number = 0 where number = 1", ["checkpoint_reordered 0", "checkpoint_missing 1"]),
        ("update checkpoint_head set number = 2", ["checkpoint_head 3"]),
        ("update checkpoint_head set number = 4", ["checkpoint_head 3"]),
        ("update checkpoint_head set digest = sha256(digest)", ["checkpoint_head 3"]),
        ("delete from checkpoint_head", ["checkpoint_head 3"]),
    ],
)
async def test_a_changed_removed_or_moved_checkpoint_is_found(kept: Kept, tampering: str, found: list[str]) -> None:
    places = await kept.after(tampering)
    assert sorted(f"{what} {checkpoint}" for what, _, _, checkpoint in places)[: len(found)] == sorted(found), places
    assert len(places) == len(found) or "number = 0" in tampering, places


async def test_a_checkpoint_made_with_another_key_or_for_another_service_is_found(kept: Kept, tmp_path: Path) -> None:
    make_key(tmp_path / "own.pem")
    async with kept.tampered() as tx:
        await sign(kept, tx, signer=Signer.from_file(tmp_path / "own.pem"))
        assert places((await kept.verify(tx)).findings) == [("checkpoint_signature", None, None, 4)]
    async with kept.tampered() as tx:
        await sign(kept, tx, service="scheduling")
        assert places((await kept.verify(tx)).findings) == [("checkpoint_changed", None, None, 4)]


async def test_a_checkpoint_that_the_next_was_not_made_after_is_found(kept: Kept) -> None:
    """With the key itself: the older checkpoint was made once more."""
    async with kept.tampered() as tx:
        row = await tx.fetchrow("delete from checkpoint where number = 2 returning *")
        assert row is not None
        jws = kept.signer.sign("ledger-checkpoint+jwt", kept.signer.verify("ledger-checkpoint+jwt", row["jws"]))
        await tx.execute("insert into checkpoint values (2, $1, $2, $3)", row["previous"], jws, row["made_at"])
        assert places((await kept.verify(tx)).findings) == [("checkpoint_changed", None, None, 2)]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("set position = position + 1 where stream = 0", ("head", 0, 10, None)),
        ("set position = position - 1 where stream = 0", ("head", 0, 10, None)),
        ("set digest = sha256(digest) where stream = 1", ("head", 1, 6, None)),
        ("set digest = sha256(digest) where stream = 3", ("head", 3, 0, None)),
        (
            "h set position = 9, digest = j.digest from journal j where (j.stream, j.position, h.stream) = (0, 9, 0)",
            ("added", 0, 10, None),
        ),
    ],
)
async def test_a_changed_head_is_found(kept: Kept, tampering: str, found: Any) -> None:
    assert await kept.after(f"update journal_head {tampering}") == [found]


async def test_every_column_of_every_row_is_guarded(kept: Kept) -> None:
    """Each change by itself. What no digest covers is known by name, and nothing else is."""
    unguarded = set()
    async with kept.tampered() as tx:
        for table in ("journal", "journal_head", "checkpoint", "checkpoint_head"):
            columns = await tx.fetch(COLUMNS, table)
            for row in await tx.fetch(f"select ctid, * from {table}"):
                for column in columns:
                    if column["type"] == "boolean":  # a check constraint allows one value
                        continue
                    found = await after_changing(kept, tx, table, row, column)
                    if not found:
                        unguarded.add(column["name"])
                    elif table.startswith("journal"):
                        near = {f for f in found if f[1] == row["stream"] and abs((f[2] or 0) - row["position"]) <= 1}
                        assert near, (table, column, row, found)
                    elif table == "checkpoint":
                        assert row["number"] in {f[3] for f in found}, (column, row, found)
    assert unguarded == UNSEALED


COLUMNS = "select column_name as name, data_type as type from information_schema.columns where table_name = $1"
OTHER = {
    "integer": "{0} + 1000",
    "bigint": "{0} + 1000",
    "uuid": "gen_random_uuid()",
    "text": "coalesce({0}, '') || ' '",
    "bytea": "set_byte({0}, 0, get_byte({0}, 0) # 1)",
    "timestamp with time zone": "{0} + interval '1 second'",
}


async def after_changing(kept: Kept, tx: Connection, table: str, row: asyncpg.Record, column: asyncpg.Record) -> Any:
    savepoint = tx.transaction()
    await savepoint.start()
    other = OTHER[column["type"]].format(column["name"])
    await tx.execute(f"update {table} set {column['name']} = {other} where ctid = $1", row["ctid"])
    found = places((await kept.verify(tx)).findings)
    await savepoint.rollback()
    return found


async def test_several_findings_are_reported_and_no_more_than_a_hundred(kept: Kept) -> None:
    found = await kept.after("update journal set payload = payload || ' ' where (stream, position) in ((0, 2), (0, 7), (1, 6), (2, 1))")
    assert found == [("changed", 0, 2, None), ("changed", 0, 7, None), ("changed", 1, 6, None), ("changed", 2, 1, None)]
    many = "insert into journal_head select n, 5, sha256('x') from generate_series(10, 300) n"
    assert len(await kept.after(many)) == MOST_FINDINGS


async def test_a_receipt_is_accepted_for_its_line_and_for_no_other(kept: Kept, tmp_path: Path) -> None:
    make_key(tmp_path / "own.pem")
    forger = Signer.from_file(tmp_path / "own.pem")
    async with kept.db.pool.acquire() as tx:
        right = await kept.receipt(tx, 0, 4)
        payload = kept.signer.verify(RECEIPT, right)
        assert (await kept.verify(tx, [], [right])).findings == []
        by_record = kept.signer.sign(RECEIPT, {"record_id": payload["event_id"], "ledger": payload["ledger"]})
        assert (await kept.verify(tx, [], [by_record])).findings == []
        proof = kept.signer.sign(PROOF_TYPE, payload | {"propagation": {}})
        assert (await kept.verify(tx, [], [proof])).findings == []
        head, _, signature = right.split(".")
        changed = kept.signer.sign(RECEIPT, payload | {"event_id": str(uuid4())}).split(".")[1]
        for wrong, found in (
            (f"{head}.{changed}.{signature}", ("receipt_invalid", None, None, None)),
            (forger.sign(RECEIPT, payload), ("receipt_invalid", None, None, None)),
            (kept.signer.sign("at+jwt", payload), ("receipt_invalid", None, None, None)),
            (kept.signer.sign(RECEIPT, {"event_id": 7}), ("receipt_invalid", None, None, None)),
            ("nonsense", ("receipt_invalid", None, None, None)),
            (await kept.receipt(tx, 0, 4, ledger={"position": 5}), ("differs_from_receipt", 0, 5, None)),
            (await kept.receipt(tx, 0, 4, ledger={"stream": 1}), ("differs_from_receipt", 1, 4, None)),
            (await kept.receipt(tx, 0, 4, ledger={"digest": "00"}), ("differs_from_receipt", 0, 4, None)),
            (await kept.receipt(tx, 0, 4, event_id=str(uuid4())), ("differs_from_receipt", 0, 4, None)),
            (await kept.receipt(tx, 0, 4, ledger={"position": 99}), ("truncated", 0, 11, None)),
            (await kept.receipt(tx, 0, 4, ledger={"stream": 3}), ("truncated", 3, 1, None)),
            (await kept.receipt(tx, 0, 4, ledger={"position": 0}), ("receipt_invalid", None, None, None)),
        ):
            assert places((await kept.verify(tx, [], [right, wrong])).findings) == [found], wrong


async def test_no_checkpoint_is_made_where_nothing_moved(kept: Kept) -> None:
    async with kept.db.pool.acquire() as tx:
        heads = await tx.fetchval("select jws from checkpoint where number = 3")
    assert [h["position"] for h in kept.signer.verify("ledger-checkpoint+jwt", heads)["heads"]] == [8, 5, 3, 0]


async def test_an_export_is_verified_elsewhere_and_what_was_changed_in_it_is_found(kept: Kept, key: Path, tmp_path: Path) -> None:
    async with snapshot(kept.db.pool) as tx:
        everything = [row async for row in rows(tx, "consent")]
        receipt = await kept.receipt(tx, 2, 3)
    file, keys = tmp_path / "ledger.ndjson", tmp_path / "keys.json"
    keys.write_text(json.dumps(kept.signer.keys()))

    def write(*exported: Any) -> Path:
        file.write_text(keys_line("consent", kept.signer.keys()) + "".join(map(line_of, exported)))
        return file

    intact = verify_export(write(*everything), keys, [receipt])
    assert intact.findings == [] and (intact.lines, intact.checkpoints) == (20, 3)
    assert verify_export(file, None, [receipt]) == intact
    assert "intact" in told(intact) and not told(intact).count("\n  ")
    assert await verify_database(kept.db.url, key, [receipt]) == intact
    changed = [replace(row, payload="{}") if isinstance(row, Entry) and (row.stream, row.position) == (2, 3) else row for row in everything]
    assert places(verify_export(write(*changed), keys, []).findings) == [("changed", 2, 3, None)]
    doubled = [*everything, everything[-1]]
    assert places(verify_export(write(*doubled), keys, []).findings) == [("reordered", 2, 4, None)]
    make_key(tmp_path / "own.pem")
    keys.write_text(json.dumps(Signer.from_file(tmp_path / "own.pem").keys()))
    assert {f.what for f in verify_export(write(*everything), keys, []).findings} == {"checkpoint_signature"}
    for line in ('{"kind": "head", "stream": 0, "position": "1", "digest": ""}', '{"kind": "other"}', "[]", "7", "{"):
        file.write_text(keys_line("consent", kept.signer.keys()) + line)
        with pytest.raises(ValueError, match="line 2 cannot be read"):
            verify_export(file, None, [])
    last = next(row for row in everything if isinstance(row, CheckpointRow))
    with pytest.raises(ValueError, match="after the first line"):
        verify_export(write(*everything, last), None, [])


def test_a_token_is_what_it_was_signed_as_and_stays_so_when_its_key_is_retired(tmp_path: Path) -> None:
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    for path in (old, new):
        make_key(path)
    before = old.read_bytes()
    make_key(old)
    assert old.read_bytes() == before and oct(old.stat().st_mode & 0o777) == "0o600" and len(os.listdir(tmp_path)) == 2
    token = Signer.from_file(old).sign("x+jwt", {"n": 1})
    with pytest.raises(ValueError, match="none of the service's"):
        Signer.from_file(new).verify("x+jwt", token)
    (tmp_path / "new.retired.json").write_text(json.dumps(Signer.from_file(old).keys()))
    signer = Signer.from_file(new)
    assert signer.verify("x+jwt", token) == {"n": 1} == verify_with(signer.keys(), "x+jwt", token)
    assert all("d" not in key for key in signer.keys()["keys"]) and len(signer.keys()["keys"]) == 2
    for place, char in enumerate(token):
        other = token[:place] + ("A" if char != "A" else "B") + token[place + 1 :]
        with pytest.raises(ValueError, match=r".*"):
            signer.verify("x+jwt", other)
