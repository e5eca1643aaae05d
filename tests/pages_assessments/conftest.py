"""A practice on the real stack, and the browser that looks at it."""

from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import pytest

from deploy.local.stack import Stack
from tests.pages.conftest import browser, page, window
from tests.pages_assessments.practice import Practice

__all__ = ["browser", "page", "window"]


@pytest.fixture(scope="session")
async def practice(stack: Stack) -> AsyncIterator[Practice]:
    """What one visitor's session is, no other gets."""
    forgetful = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(timeout=15, cookies=forgetful) as http:
        made = Practice(stack, http)
        await made.open()
        yield made
