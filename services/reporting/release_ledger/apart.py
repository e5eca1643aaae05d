"""Deciding in a process of its own: the elimination and the audit take seconds of a core, and no opt-out may wait behind them."""

import asyncio
import pickle
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from reporting.measures.families import Family
from reporting.release_ledger.cells import Counted, Decided, Decision, Policy, Population

Deciding = Callable[[Policy, Family, str, Sequence[Counted], Population, Sequence[Decided]], Awaitable[Decision]]
COMMAND = (sys.executable, "-m", "reporting.release_ledger.apart")
LENGTH = 8


@asynccontextmanager
async def deciding_apart() -> AsyncIterator[Deciding]:
    """`decide`, awaited. Raises RuntimeError where the process ended instead of answering: its log says why, and nothing is released.

    The process ends with its input: with the block, and also where this service is killed.
    """
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    asking, answering = process.stdin, process.stdout

    async def decided(*question: object) -> Decision:
        try:
            asking.write(pickle.dumps(question))
            await asking.drain()
            length = int.from_bytes(await answering.readexactly(LENGTH), "big")
            decision: Decision = pickle.loads(await answering.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise RuntimeError("what may leave could not be decided") from error
        return decision

    try:
        yield decided
    finally:
        asking.close()
        await process.wait()


def _answer_all() -> None:
    """Both ends of the pipe are this program: what comes in is no stranger's. The numerics are imported here only."""
    from reporting.release_ledger.deciding import decide

    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        answer = pickle.dumps(decide(*question))
        sys.stdout.buffer.write(len(answer).to_bytes(LENGTH, "big") + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _answer_all()
