"""Whatever somebody with full access to the database, or even with the key, does to the checkpoints is found, and where."""

from pathlib import Path

import pytest

from common.db import Connection
from consent.ledger.rules import CHECKPOINT, Head
from consent.ledger.seals import digest_of_checkpoint, payload_of
from consent.ledger.signing import Signer, make_key
from tests.consent.ledger import NOON, Kept, places


async def test_no_checkpoint_is_made_where_nothing_moved(kept: Kept) -> None:
    async with kept.db.pool.acquire() as tx:
        heads = await tx.fetchval("select jws from checkpoint where number = 3")
    assert [h["position"] for h in kept.signer.verify(CHECKPOINT, heads)["heads"]] == [8, 5, 3, 0]


async def sign(kept: Kept, tx: Connection, number: int = 4, signer: Signer | None = None, **other: str) -> str:
    """A next checkpoint over whatever stands there."""
    heads = [Head(**row) for row in await tx.fetch("select stream, position, digest from journal_head order by stream")]
    previous = digest_of_checkpoint(await tx.fetchval("select jws from checkpoint where number = $1", number - 1) or "")
    jws = (signer or kept.signer).sign(CHECKPOINT, payload_of("consent", number, previous, NOON, heads) | other)
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
        jws = kept.signer.sign(CHECKPOINT, kept.signer.verify(CHECKPOINT, row["jws"]))
        await tx.execute("insert into checkpoint values (2, $1, $2, $3)", row["previous"], jws, row["made_at"])
        assert places((await kept.verify(tx)).findings) == [("checkpoint_changed", None, None, 2)]


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


async def test_a_last_checkpoint_that_was_made_anew_is_found_by_whoever_kept_it(kept: Kept) -> None:
    async with kept.tampered() as tx:
        was: str = await tx.fetchval("delete from checkpoint where number = 3 returning jws")
        await kept.truncate(tx, 0, 7)
        await sign(kept, tx, 3)
        assert (await kept.verify(tx)).findings == [], "nothing in the database tells"
        assert places((await kept.verify(tx, [], [was])).findings) == [("checkpoint_changed", None, None, 3), ("truncated", 0, 8, 3)]
