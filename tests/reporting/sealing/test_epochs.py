"""The end of an epoch, killed at every step; a backup put back; a folder lost."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from reporting.sealing import rotation, tables
from reporting.sealing.epochs import begin_epoch, begun_at, destroy_epoch, epoch_key
from reporting.sealing.tables import Wrapped
from reporting.sealing.wrapping import unwrap
from tests.reporting.sealing.conftest import HOURS, NOON, House
from tests.story import eventually

NEXT = NOON + timedelta(hours=HOURS)


END_LEADER = """
select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
 where d.datname = current_database() and l.locktype = 'advisory' and l.granted and l.pid <> pg_backend_pid()"""


class Killed(Exception):
    pass


def opens(folder: Path, row: tuple[UUID, str, bytes]) -> bool:
    """Whether any key in the folder unwraps it, under the name of any epoch."""
    keys = [file.read_bytes() for file in folder.iterdir()]
    names = {file.stem for file in folder.iterdir()} | {row[1]}
    return any(unwrap(key, Wrapped(row[0], name, row[2])) is not None for key in keys for name in names)


async def test_an_epoch_that_is_over_takes_the_keys_in_old_backups_with_it(house: House) -> None:
    tokens = [token for _, token in [await house.shares() for _ in range(5)]]
    keys = await house.keys(*tokens)
    backup, [first] = await house.rows(), house.epochs()
    await house.turn(NEXT - timedelta(seconds=1))
    assert house.epochs() == [first], "not over yet"
    assert all(opens(house.folder, row) for row in backup)
    await house.turn(NEXT)
    [second] = house.epochs()
    assert second != first
    assert begun_at(second) == NEXT
    assert await house.keys(*tokens, make=False) == keys, "who still shares keeps the key"
    assert not any(opens(house.folder, row) for row in backup)
    assert {file.stem for file in house.folder.iterdir()} == {second}


async def test_R5_a_key_in_a_backup_from_before_an_opt_out_opens_until_its_epoch_ends_and_no_longer(house: House) -> None:
    client, token = await house.shares()
    await house.keys(token)
    [backup] = await house.rows()
    await house.opts_out(client)
    assert opens(house.folder, backup), "the stated window"
    await house.turn(NEXT)
    assert not opens(house.folder, backup)


STEPS = ("begin_epoch", "under", "wrap_anew", "_wrap_all", "destroy_epoch")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_the_next_run_finishes(house: House, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    tokens = [token for _, token in [await house.shares() for _ in range(5)]]
    keys = await house.keys(*tokens)
    [first] = house.epochs()
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "AT_ONCE", 2)
        _kill_at(patch, step, when)
        with pytest.raises(Killed):
            await house.turn(NEXT)
    assert await house.keys(*tokens, make=False) == keys, "whatever is half done, every key is there"
    await house.restart()
    await house.turn(NEXT + timedelta(minutes=1))
    assert first not in house.epochs()
    assert len(house.epochs()) == 1
    assert await house.keys(*tokens, make=False) == keys


def _kill_at(patch: pytest.MonkeyPatch, step: str, when: str) -> None:
    owner = tables if hasattr(tables, step) else rotation
    real = getattr(owner, step)

    def of_a_thread(*arguments: object) -> None:
        if when == "after":
            real(*arguments)
        raise Killed

    async def of_the_loop(*arguments: object) -> None:
        if when == "after":
            await real(*arguments)
        raise Killed

    patch.setattr(owner, step, of_the_loop if asyncio.iscoroutinefunction(real) else of_a_thread)


async def test_killed_between_overwriting_and_taking_away_the_next_run_takes_it_away(house: House) -> None:
    _, token = await house.shares()
    key = await house.keys(token)
    [first] = house.epochs()
    await house.turn(NEXT)
    (house.folder / f"{first}.kek").write_bytes(b"\0" * 32)
    assert await house.keys(token, make=False) == key
    await house.turn(NEXT + timedelta(minutes=1))
    assert first not in house.epochs()
    assert await house.keys(token, make=False) == key


async def test_killed_while_an_epoch_begins_leaves_nothing(house: House) -> None:
    (house.folder / "00000002-20260303T120000Z-0123456789abcdef.new").write_bytes(b"half")
    [first] = house.epochs()
    await house.restart()
    assert [file.stem for file in house.folder.iterdir()] == [first]


async def test_a_key_that_is_made_while_its_epoch_ends_is_not_lost(house: House) -> None:
    _, token = await house.shares()
    [first] = house.epochs()
    async with house.db.pool.acquire() as tx, tx.transaction():
        key = await house.sealer.keys_of(tx, [token], make=True)  # under the first epoch, and not committed yet
        ending = asyncio.create_task(house.turn(NEXT))
        await asyncio.sleep(0.3)
        assert first in house.epochs(), "its key stays while somebody may be wrapping with it"
        assert not ending.done()
    await ending
    assert first not in house.epochs()
    assert await house.keys(token, make=False) == key


async def test_an_opt_out_does_not_wait_for_the_end_of_an_epoch_nor_is_its_key_revived(house: House) -> None:
    (_, token), (_, other) = await house.shares(), await house.shares()
    keys = await house.keys(token, other)
    async with house.db.pool.acquire() as tx, tx.transaction():
        await tx.execute("delete from sealing_key where token = $1", token)  # an opt-out that is under way
        ending = asyncio.create_task(house.turn(NEXT))
        await asyncio.sleep(0.3)
        assert not ending.done()
        [row] = await house.db.pool.fetch("select epoch from sealing_key where token = $1", other)
        assert row["epoch"] == house.epochs()[-1], "the others do not wait for it"
    await ending
    assert [token for token, _, _ in await house.rows()] == [other]
    assert len(house.epochs()) == 1
    assert await house.keys(other, make=False) == {other: keys[other]}


async def test_keys_go_on_being_made_and_read_while_epochs_end(house: House) -> None:
    tokens = [token for _, token in [await house.shares() for _ in range(30)]]
    known: dict[UUID, bytes] = {}

    async def recipients(mine: list[UUID]) -> None:
        for token in mine:
            found = await house.keys(token, *known)
            assert all(found[k] == key for k, key in known.items() if k in found)
            known.update(found)

    async def epochs_end() -> None:
        for day in range(1, 15):
            await house.turn(NOON + timedelta(hours=HOURS * day))

    await asyncio.gather(epochs_end(), *(recipients(tokens[n::6]) for n in range(6)))
    assert len(house.epochs()) == 1
    assert await house.keys(*tokens, make=False) == known
    assert len(known) == 30


async def test_one_process_begins_epochs_and_another_takes_over(house: House) -> None:
    _, token = await house.shares()
    key = await house.keys(token)
    second = 1 / 3600
    processes = [asyncio.create_task(rotation.rotate(house.db.url, house.folder, second)) for _ in range(2)]

    async def number() -> int:
        return int(house.epochs()[-1].split("-")[0])

    async def third() -> bool:
        return await number() >= 3

    await eventually(third)
    assert len(house.epochs()) <= 2, "the one that is, and the one that ends"
    await house.db.pool.execute(END_LEADER)
    reached = await number()

    async def goes_on() -> bool:
        return await number() > reached + 1

    await eventually(goes_on)
    for process in processes:
        process.cancel()
    await asyncio.gather(*processes, return_exceptions=True)
    assert await house.keys(token, make=False) == key


async def test_a_backup_put_back_brings_no_key_of_an_ended_consent_back(house: House) -> None:
    (client, token), (_, staying) = await house.shares(), await house.shares()
    keys = await house.keys(token, staying)
    backup = await house.rows()
    await house.opts_out(client)
    await house.put_back(backup)
    assert await house.keys(token, staying) == {staying: keys[staying]}, "not even before the start is through"
    await house.restart()
    assert [row[0] for row in await house.rows()] == [staying]


async def test_R5_a_whole_database_put_back_ends_them_again_with_consents_journal(house: House) -> None:
    client, token = await house.shares()
    await house.keys(token)
    tables_of = ("sharing", "recipient_token", "sealing_key")
    backup = {name: await house.db.pool.fetch(f"select * from {name}") for name in tables_of}
    await house.opts_out(client)
    async with house.db.begin_event() as tx:
        for name in tables_of:
            await tx.execute(f"delete from {name}")
            await tx.execute(f"insert into {name} select * from unnest($1::{name}[])", [tuple(row) for row in backup[name]])
    await house.restart()
    assert await house.keys(token, make=False), "until consent's journal is applied again, which the gate waits for"
    await house.opts_out(client)
    assert await house.rows() == []
    assert await house.keys(token) == {}


async def test_a_backup_of_an_epoch_that_is_over_is_lost_and_new_keys_are_made(house: House, caplog: pytest.LogCaptureFixture) -> None:
    _, token = await house.shares()
    old, backup = await house.keys(token), await house.rows()
    await house.turn(NEXT)
    await house.put_back(backup)
    await house.restart()
    assert "sealing keys are lost" in caplog.text
    assert await house.rows() == []
    new = await house.keys(token)
    assert new[token] != old[token]


async def test_a_lost_folder_costs_the_old_copies_and_nothing_else(house: House, caplog: pytest.LogCaptureFixture) -> None:
    _, token = await house.shares()
    old = await house.keys(token)
    for file in house.folder.iterdir():
        file.unlink()
    house.folder.rmdir()
    await house.restart()
    await house.turn(NOON)
    assert "sealing keys are lost" in caplog.text
    assert (await house.keys(token))[token] != old[token]


async def test_a_state_sealed_with_a_lost_key_goes_to_the_topic_once_more(house: House) -> None:
    (client, token), (other, never_sent) = await house.shares(), await house.shares()
    await house.keys(token, never_sent)
    await house.db.pool.execute("update recipient_token set on_topic = true, state_digest = 'sent' where token = $1", token)
    await house.db.pool.execute("delete from partner_dirty where client_id = any($1::uuid[])", [client, other])
    for file in house.folder.iterdir():
        file.unlink()
    await house.restart()
    assert [row["client_id"] for row in await house.db.pool.fetch("select client_id from partner_dirty")] == [client]
    assert await house.db.pool.fetchval("select state_digest from recipient_token where token = $1", token) is None


async def test_the_clock_put_back_makes_no_older_epoch_the_newest(house: House) -> None:
    earlier = begin_epoch(house.folder, NOON - timedelta(days=3))
    assert house.epochs()[-1] == earlier


def test_a_destroyed_key_is_overwritten_before_it_is_taken_away(tmp_path: Path) -> None:
    epoch = begin_epoch(tmp_path, NOON)
    key = epoch_key(tmp_path, epoch)
    kept = tmp_path / "another name of the same file"
    kept.hardlink_to(tmp_path / f"{epoch}.kek")
    destroy_epoch(tmp_path, epoch)
    assert epoch_key(tmp_path, epoch) is None
    assert kept.read_bytes() != key
    assert len(kept.read_bytes()) == 32
