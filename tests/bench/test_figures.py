"""How figures are made of samples."""

import asyncio

from bench.figures import of_rounds, percentile
from bench.pace import at_pace


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1000)], 0.99) == 990.0
    assert percentile([7.0], 0.99) == 7.0


def test_one_bad_round_moves_no_figure() -> None:
    good, bad = [1.0] * 100, [50.0] * 100
    assert of_rounds([good, bad, good]) == {"p50_ms": 1.0, "p99_ms": 1.0, "n": 300}


async def test_an_open_loop_does_not_wait_for_what_is_slow() -> None:
    last_has_begun = asyncio.Event()

    async def begin(item: int) -> None:
        if item == 19:
            last_has_begun.set()
        await last_has_begun.wait()

    await asyncio.wait_for(at_pace(1000, 1, range(20), begin), 30)
