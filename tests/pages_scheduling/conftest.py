"""A clinic on the real stack, and the browser that looks at it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from uuid import uuid4

import httpx
import pytest

from deploy.local.stack import Stack
from tests.pages.conftest import browser, page, window
from tests.pages_scheduling.clinic import Clinic

__all__ = ["browser", "page", "window"]


@pytest.fixture(scope="session")
async def ground(stack: Stack) -> AsyncIterator[Clinic]:
    """What all share: the state is open, and there is an employer. What one visitor's session is, no other gets."""
    forgetful = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(timeout=15, cookies=forgetful) as http:
        yield await Clinic(stack, http).open()


@pytest.fixture
async def clinic(ground: Clinic) -> Clinic:
    """A provider of one's own, with nothing in the queue."""
    return await replace(ground, plan=uuid4(), provider=uuid4()).begin()
