"""A clinic on the real stack, and the browser that looks at it."""

import httpx
import pytest

from deploy.local.stack import Stack
from tests.pages.conftest import browser, page, window
from tests.pages_scheduling.clinic import Clinic

__all__ = ["browser", "page", "window"]


@pytest.fixture
async def clinic(stack: Stack, http: httpx.AsyncClient) -> Clinic:
    return await Clinic(stack, http).open()
