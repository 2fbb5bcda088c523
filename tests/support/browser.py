"""The Chromium of this machine (`make test` checks that there is one), and how a page is looked at in it."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright

CHROMIUM = os.environ.get("AFTERWORD_CHROMIUM") or next(
    (
        found
        for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    "chromium",
)
"""Debian's package of the same version without a user interface takes less than half of the processor's time."""
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = os.environ.get("AFTERWORD_SHOTS")
"""The folder where tests leave pictures of pages; None: nowhere."""
Scheme = Literal["light", "dark"]
View = tuple[int, Scheme, str]
"""The width of a window, its color scheme and its language."""


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for the whole run, since its start costs seconds: each test makes a context of its own."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        await chromium.close()


def views(
    narrow: int,
    *wider: int,
    languages: tuple[str, ...] = ("en", "da", "nl"),
    scheme: Scheme = "dark",
) -> list[View]:
    """The views in which a page is looked at: of all widths and schemes for pictures, else the narrow one in the
    last language and one scheme.

    A view of a page costs seconds, and colors make no page wider. ``tests/integration/test_staff_pages_in_the_browser.py``
    looks at every staff page in the light scheme, and ``tests/e2e/test_every_page.py`` at wide ones.
    """
    if PICTURES is None:
        return [(narrow, scheme, languages[-1])]
    first, *others = languages
    of_first: list[View] = [(width, each, first) for width in (narrow, *wider) for each in ("light", "dark")]
    return [*of_first, *((narrow, "light", language) for language in others)]


async def unfold(field: Locator) -> None:
    """Open what a field is folded into, as a person does it by keyboard; fails where it is open."""
    summary = field.page.locator("details:not([open])").filter(has=field).locator("> summary")
    await summary.press("Enter")


async def look(page: Page, name: str) -> None:
    """Fails when the page is wider than its window; leaves a picture where ``AFTERWORD_SHOTS`` says."""
    width = (page.viewport_size or {"width": 0})["width"]
    if PICTURES is not None:
        dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        language = await page.evaluate("navigator.language")
        file = f"{name}-{width}-{'dark' if dark else 'light'}-{language}.png"
        await page.screenshot(path=Path(PICTURES) / file, full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{name} is {wide} px wide"
