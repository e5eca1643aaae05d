"""A story on the real stack, and the browser that looks at it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from deploy.local.stack import Stack
from tests.pages.browser import CHROMIUM, chromium, context
from tests.story import Story


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    async with chromium() as found:
        yield found


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Without JavaScript."""
    async with context(browser) as made:
        yield made


@pytest.fixture
async def page(window: BrowserContext) -> Page:
    return await window.new_page()
