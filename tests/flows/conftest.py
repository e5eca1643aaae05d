"""A story on the real stack."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from deploy.local.stack import Stack
from tests.flows.care import Care
from tests.story import Story


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


@pytest.fixture
async def care(story: Story) -> AsyncIterator[Care]:
    """From a Monday morning on. Afterwards the clock tells the time again."""
    yield await Care(story).at(datetime(2026, 11, 30, 14, tzinfo=UTC))
    await Care(story).at(datetime.now(UTC))
