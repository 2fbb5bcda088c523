"""What colleagues and customers do on their pages, as parts of the story of a team's week do it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect
from support.browser import PICTURES, look, unfold
from support.inbox_pages import a_page

PHONE: Mapping[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
STILL: Mapping[str, Any] = {"locale": "en", "reduced_motion": "reduce"}
"""Colors change at once, so that axe and pictures never meet one between two."""
PLAIN_PHONE: Mapping[str, Any] = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False}
FINGER = 36
"""The least height, in pixels of the page, of what is tapped."""
LIVE_WITHIN_MS = 30_000
"""What others do appears within this time: a page that loads slowly pauses up to 20 s between two loads."""
MOST_KEYS = 20
"""So often a key is pressed at most until it has led somewhere."""
_PAPER = {"width": 688, "height": 1000}
"""As wide as a sheet of A4 within its margins."""
_CUT = """() => [...document.querySelectorAll(".huddle *:not(.vh)")].filter(one =>
    one.checkVisibility() && getComputedStyle(one).overflow !== "visible" &&
    (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight)
).map(one => one.textContent)"""


@asynccontextmanager
async def customer_page(browser: Browser) -> AsyncIterator[Page]:
    """The page of a customer, on a phone."""
    async with a_page(browser, **STILL, **PHONE) as page:
        yield page


def said(page: Page) -> Locator:
    """What the page says of what was done last."""
    return page.locator(".slip[role=status]")


async def seen(page: Page, name: str) -> None:
    """Look at a page as it is; where pictures are kept, on a phone and in a wide window, light and dark."""
    size = page.viewport_size
    if PICTURES is None or size is None:
        await look(page, name)
        return
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            await page.set_viewport_size({"width": width, "height": 844})
            await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            await look(page, name)
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme="light")


async def receipt(page: Page, link: str) -> list[str]:
    """The steps that a customer's link shows; the last one is where the work stands."""
    await page.goto(link)
    await expect(page.locator(".receipt [aria-current=step]")).to_have_count(1)
    return [line.rstrip() for line in await page.locator(".receipt li").all_inner_texts()]


async def opened(page: Page, act: str) -> Locator:
    """The form of an act of a case, open."""
    form = page.locator(f"#act-{act}")
    if await form.get_attribute("open") is None:
        await form.locator("> summary").click()
    return form


async def fill_closing(page: Page, cause: str, action: str, outcome: str) -> None:
    """Fill in all that closing a case takes."""
    form = await opened(page, "close")
    await form.get_by_label("Cause").select_option(cause)
    await form.get_by_label("What we did").fill(action)
    await form.locator(f"#outcome-{outcome}").check()
    await form.locator("#told-yes").check()


async def press_close(page: Page) -> None:
    """Close the case with what is filled in."""
    await page.locator("#act-close").get_by_role("button", name="Close the case").click()


async def press_unfolded(page: Page, button: str) -> None:
    """Open what the button is folded into, and press it."""
    await unfold(page.locator("form button", has_text=button).first)
    await page.get_by_role("button", name=button, exact=True).click()


async def number_of(page: Page, comment: str) -> str:
    """The number of the case with this comment; its page is open then."""
    await page.get_by_role("link", name=comment).click()
    ask = page.locator(".ask", has_text=re.compile(r"Case \d{6}"))
    return (await ask.inner_text()).split()[-1]


async def tap_in_reach(target: Locator) -> None:
    """Tap what a thumb reaches: large enough, and in the lower half of the screen."""
    box, size = await target.bounding_box(), target.page.viewport_size
    assert box is not None
    assert size is not None
    assert box["height"] >= FINGER, f"it is {box['height']} px high"
    assert box["y"] + box["height"] / 2 > size["height"] / 2, f"it stands at {box['y']} px"
    await target.tap()


async def go_by_key(page: Page, comment: str) -> None:
    """Press j until the case with this comment has the focus."""
    await expect(page.get_by_role("button", name="Keys")).to_be_visible()
    for _ in range(MOST_KEYS):
        await page.keyboard.press("j")
        if await page.evaluate("document.activeElement.textContent") == comment:
            return
    raise AssertionError(f"j does not lead to {comment!r}")


async def is_open(page: Page, name: str) -> None:
    """The page of this customer's case is there, and listens to keys."""
    await expect(page.locator("h1")).to_contain_text(name)
    await expect(page.get_by_role("button", name="Keys")).to_be_visible()


async def tab_to(page: Page, field: str) -> None:
    """Press Tab until a field of this name has the focus."""
    for _ in range(MOST_KEYS):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.name") == field:
            return
    raise AssertionError(f"Tab does not lead to {field!r}")


async def go_on_by_key(page: Page, name: str) -> None:
    """Press n until the case of this customer is open."""
    for _ in range(MOST_KEYS):
        before = page.url
        await page.keyboard.press("n")
        await page.wait_for_url(lambda url, before=before: url != before)  # type: ignore[misc]
        if name in await page.locator("h1").inner_text():
            return
    raise AssertionError(f"n does not lead to the case of {name}")


async def is_printed_whole(page: Page) -> None:
    """On one sheet, without what only a screen needs, and with no text cut off."""
    size = page.viewport_size
    await page.set_viewport_size({"width": _PAPER["width"], "height": _PAPER["height"]})
    await page.emulate_media(media="print")
    for part in (".mast .nav", ".huddle .notes", ".promise-acts", "#promise-head", ".act-bar", ".slip"):
        for one in await page.locator(part).all():
            await expect(one).to_be_hidden()
    assert await page.evaluate(_CUT) == []
    await look(page, "week-printed")
    printed = await page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    await page.emulate_media(media="screen")
    if size is not None:
        await page.set_viewport_size(size)
