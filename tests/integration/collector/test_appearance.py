"""How the customer's page looks where the browser decides on the colours, the width or the language."""

from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page
from support.browser import look

from shared.events import TENANTS, FollowUp, SurveyTexts
from shared.tenancy.tenants import keep_tenants
from shared.values.colours import Accent, darkened

from .conftest import Bench, a_page, tenant_of

pytestmark = pytest.mark.browser

# Of every piece of text on the page the contrast with what lies behind it (WCAG 1.4.3), as the browser computes both.
FAINT = """() => {
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const paint = (...colours) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
    return paint("Canvas", ...layers);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest(".vh")) continue;
    const [a, b] = [light(paint(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) found.push(`${element.className}: ${walk.currentNode.data.trim()} ${getComputedStyle(element).color} on ${behind(element)}`);
  }
  return found;
}"""
EVERY_CONTROL = """() => {
  for (const kind of ["", "plain", "quiet", "inline", "small-btn"])
    for (const [tag, disabled] of [["button", false], ["a", false], ["button", true]]) {
      const made = document.createElement(tag);
      made.className = `btn ${kind}`; made.textContent = `${tag} ${kind}`;
      if (disabled) made.setAttribute("aria-disabled", "true");
      document.querySelector("main").append(made);
    }
  for (const kind of ["flag", "banner", "banner bad", "banner quiet", "slip", "slip bad", "faults", "wrong", "tiny"]) {
    const made = document.createElement("p");
    made.className = kind; made.textContent = kind;
    document.querySelector("main").append(made);
  }
  const marked = document.createElement("mark"); marked.textContent = "found";
  document.querySelector("main").append(marked);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["active", "none"])
async def test_every_word_can_be_read_also_where_the_browser_chooses_the_colours(
    bench: Bench, browser: Browser, origin: str, scheme: Any, forced: Any
) -> None:
    invitation = await bench.invite()
    async with a_page(browser, color_scheme=scheme, forced_colors=forced) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=3")
        await page.evaluate(EVERY_CONTROL)
        assert await page.evaluate(FAINT) == []
        await page.get_by_role("button", name="Send").hover()
        await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        assert await page.evaluate(FAINT) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#a3156f", darkened("#ffcc00")])
async def test_every_word_can_be_read_in_a_companys_colour(
    bench: Bench, browser: Browser, origin: str, scheme: Any, accent: str
) -> None:
    company = replace(tenant_of("acme", bench.now, "Europe/Copenhagen"), version=9, accent=accent)
    async with bench.context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("acme", company, bench.now)])
    invitation = await bench.invite()
    async with a_page(browser, color_scheme=scheme) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=3")
        shown = "getComputedStyle(document.querySelector('button.btn[value=send]')).backgroundColor"
        wanted = accent if scheme == "light" else Accent.of(accent).dark
        parts = [int(wanted[at : at + 2], 16) for at in (1, 3, 5)]
        assert await page.evaluate(shown) == f"rgb({', '.join(map(str, parts))})"
        await page.evaluate(EVERY_CONTROL)
        assert await page.evaluate(FAINT) == []
        await look(page, f"survey-in-{accent[1:]}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["active", "none"])
async def test_only_the_chosen_one_of_the_round_boxes_is_filled(
    bench: Bench, browser: Browser, origin: str, scheme: Any, forced: Any
) -> None:
    invitation = await bench.invite()
    async with a_page(browser, color_scheme=scheme, forced_colors=forced) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=3")
        await page.locator("#may-yes").check()
        # What is painted in the middle of each, against the page around it.
        middle = {name: await painted(page, f"#may-{name}") for name in ("yes", "no")}
        empty = await page.evaluate("getComputedStyle(document.querySelector('#comment')).backgroundColor")
        assert middle["no"] == empty
        assert middle["yes"] != empty
        edges = await page.evaluate(
            "[...document.querySelectorAll('.pick input')].map((one) => getComputedStyle(one).borderTopWidth)"
        )
        assert edges == ["2px", "2px"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_where_the_browser_chooses_the_colours_every_label_is_painted_so_that_it_shows(
    bench: Bench, browser: Browser, origin: str, scheme: Any
) -> None:
    """It lays a plate of the page's colour behind each text: only the picture tells what is left of it."""
    invitation = await bench.invite()
    async with a_page(
        browser, color_scheme=scheme, forced_colors="active", viewport={"width": 800, "height": 3000}
    ) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=3")
        await page.evaluate(EVERY_CONTROL)
        labels = page.locator(".btn, .flag, .banner, mark, .slip, .cell")
        for label in await labels.all():
            text = await label.evaluate(
                """(one) => {
                  const range = document.createRange(); range.selectNodeContents(one.querySelector("bdi") ?? one);
                  const { x, y, width, height } = range.getBoundingClientRect();
                  return { x, y, width, height };
                }"""
            )
            colours = await picture(page, text)
            # Of the lightest and the darkest pixel.
            assert max(colours) + 0.05 >= 4.5 * (min(colours) + 0.05), await label.inner_text()


async def painted(page: Page, radio: str) -> str:
    """The colour in the middle of a round box."""
    box = await page.locator(radio).bounding_box()
    assert box is not None
    middle = {
        "x": box["x"] + box["width"] / 2 - 1,
        "y": box["y"] + box["height"] / 2 - 1,
        "width": 2,
        "height": 2,
    }
    r, g, b = await pixels(page, middle, "[...data.slice(0, 3)]")
    return f"rgb({r}, {g}, {b})"


async def picture(page: Page, clip: Any) -> list[float]:
    """How light each pixel of a part of the page is (WCAG's relative luminance)."""
    lightness = """Array.from({ length: data.length / 4 }, (_, i) => [...data.slice(4 * i, 4 * i + 3)]
      .map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
      .reduce((sum, c, j) => sum + c * [.2126, .7152, .0722][j], 0))"""
    light: list[float] = await pixels(page, clip, lightness)
    return light


async def pixels(page: Page, clip: Any, what: str) -> Any:
    """Something of the pixels (``data``: red, green, blue, opacity of each) of a picture of the page."""
    taken = await page.screenshot(clip=clip)
    # A page without a policy, where a picture may be looked at.
    others = [other for other in page.context.pages if other is not page]
    blank = others[0] if others else await page.context.new_page()
    return await blank.evaluate(
        f"""async (bytes) => {{
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], {{ type: "image/png" }}));
          const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
          canvas.drawImage(picture, 0, 0);
          const {{ data }} = canvas.getImageData(0, 0, picture.width, picture.height);
          return {what};
        }}""",
        list(taken),
    )


LONG = "Donaudampfschifffahrtsgesellschaft" * 6


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("text", ["100%", "200%"])
async def test_no_word_however_long_is_wider_than_the_page(
    bench: Bench, browser: Browser, origin: str, width: int, text: str
) -> None:
    company = replace(tenant_of("acme", bench.now, "Europe/Copenhagen"), name=LONG[:200], version=2)
    async with bench.context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("acme", company, bench.now)])
    words = SurveyTexts(
        intro=LONG, question=LONG, reason=LONG, thanks=LONG, follow_up=FollowUp(detractor=LONG, passive=LONG)
    )
    await bench.keep_survey({"en": words, "da": SurveyTexts(thanks=LONG)}, version=2)
    async with a_page(browser, viewport={"width": width, "height": 700}) as page:
        for language in ("en", "da"):
            invitation = await bench.invite(language=language)
            link = f"{origin}/s/{bench.token(invitation)}"
            await page.goto(f"{link}?v=10")
            assert await overflow(page, text) == []
            await bench.submit(invitation, 3, comment=LONG, follow_up_detractor=LONG, may_contact="yes")
            for query in ("", "?v=5"):
                await page.goto(link + query)
                assert await overflow(page, text) == []


async def overflow(page: Page, text: str) -> list[str]:
    """What is wider than the page or than its cell, with text of this size."""
    found: list[str] = await page.evaluate(
        """(size) => {
          document.documentElement.style.fontSize = size;
          const wide = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility() && !one.closest(".vh, textarea, [hidden]"));
          const out = wide.filter((one) => one.getBoundingClientRect().right > innerWidth + .5);
          const tight = [...document.querySelectorAll(".cell span")].filter((one) => {
            const range = document.createRange(); range.selectNodeContents(one);
            return range.getBoundingClientRect().width > one.getBoundingClientRect().width - 4;
          });
          return [...out, ...tight].map((one) => `${one.tagName} ${one.className}`);
        }""",
        text,
    )
    return found
