"""The life of a key: one for each token, whoever makes it; none for a consent that is over; gone with it (R5)."""

import asyncio

import pytest

from common.problems import Problem
from reporting.sealing.tables import Wrapped
from reporting.sealing.wrapping import unwrap
from tests.reporting.sealing.conftest import House


async def test_R5_a_key_is_made_once_found_again_and_gone_with_the_consent(house: House) -> None:
    client, token = await house.shares()
    assert await house.keys(token, make=False) == {}
    made = await house.keys(token)
    assert len(made[token]) == 32
    assert await house.keys(token, make=False) == await house.keys(token) == made
    await house.opts_out(client)
    assert await house.rows() == []
    assert await house.keys(token) == {}, "none is made for a consent that is over"
    assert await house.rows() == []


async def test_R5_a_new_consent_has_a_new_key(house: House) -> None:
    client, token = await house.shares()
    before = await house.keys(token)
    await house.opts_out(client)
    _, other = await house.shares()
    assert not set((await house.keys(token, other)).values()) & set(before.values())


async def test_two_processes_that_make_a_key_at_once_agree(house: House) -> None:
    tokens = [token for _, token in [await house.shares() for _ in range(20)]]
    async with house.db.pool.acquire() as one, one.transaction():
        first = await house.sealer.keys_of(one, tokens, make=True)
        second = asyncio.create_task(house.keys(*tokens[::-1]))
        await asyncio.sleep(0.2)
        assert not second.done(), "it has seen none, has made its own, and waits"
    assert len(first) == 20
    assert await second == first == await house.keys(*tokens, make=False)


async def test_a_key_row_does_not_open_for_another_token_or_epoch(house: House) -> None:
    (_, one), (_, other) = await house.shares(), await house.shares()
    await house.keys(one, other)
    rows = {token: (epoch, wrapped) for token, epoch, wrapped in await house.rows()}
    await house.put_back([(one, *rows[other]), (other, *rows[other])])
    with pytest.raises(Problem) as refused:
        await house.keys(one)
    assert refused.value.code == "temporarily_unavailable"
    assert other in await house.keys(other)


async def test_the_database_holds_no_key_but_wrapped(house: House) -> None:
    _, token = await house.shares()
    key = (await house.keys(token))[token]
    [(_, epoch, wrapped)] = await house.rows()
    assert key not in wrapped
    assert len(wrapped) == 12 + 32 + 16
    [file] = house.folder.iterdir()
    assert (file.stem, file.stat().st_mode & 0o777, file.stat().st_size) == (epoch, 0o600, 32)
    assert house.folder.stat().st_mode & 0o777 == 0o700
    assert unwrap(file.read_bytes(), Wrapped(token, epoch, wrapped)) == key


async def test_without_an_epoch_nothing_is_sealed(house: House) -> None:
    _, token = await house.shares()
    for file in house.folder.iterdir():
        file.unlink()
    with pytest.raises(Problem) as refused:
        await house.keys(token)
    assert refused.value.code == "temporarily_unavailable"
    assert await house.rows() == []
