"""One full stack and one browser for all end-to-end tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright
from support.browser import CHROMIUM, CHROMIUM_FLAGS
from support.full_stack import FullStack, a_full_stack


@pytest.fixture(scope="package")
def stack() -> Iterator[FullStack]:
    with a_full_stack() as running:
        yield running


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        await chromium.close()
