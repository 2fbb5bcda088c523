"""What axe-core finds wrong with a page, by the rules of WCAG 2.2 AA and its own good practices."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_AXE = Axe()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_END_TRANSITIONS = "document.getAnimations().filter(e => e instanceof CSSTransition).forEach(e => e.finish())"
"""On the way to another scheme a color is none that anybody reads."""


async def violations(page: Page) -> list[str]:
    """Each violation with the elements that have it."""
    await page.evaluate(_END_TRANSITIONS)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found = (await _AXE.run(page, options=options)).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in found
    ]
