"""Whatever somebody with full access to the database does to a line or a head of the ledger is found, and where."""

from typing import Any

import asyncpg
import pytest

from common.db import Connection
from consent.ledger.rules import MOST_FINDINGS, Head
from consent.ledger.usecases import verify_ledger
from tests.consent.ledger import END, Kept, places

UNSEALED = {"traceparent", "recorded_at"}
"""Columns of a line that are no evidence: of no digest."""


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
