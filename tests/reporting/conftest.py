"""A plan's story on the real stack."""

import httpx
import pytest

from deploy.local.stack import Stack
from tests.story import Story


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()
