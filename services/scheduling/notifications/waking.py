"""Wakes the mailers of this process; those of other instances look by themselves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_mailers: set[asyncio.Event] = set()


def wake() -> None:
    for mailer in _mailers:
        mailer.set()


@contextmanager
def woken() -> Iterator[asyncio.Event]:
    """Set whenever there may be something to send, for as long as the block runs."""
    event = asyncio.Event()
    _mailers.add(event)
    try:
        yield event
    finally:
        _mailers.discard(event)
