"""A mail in a real browser, as mail programs change it: dark, inverted, by Outlook's attributes, unstyled."""

import re
from datetime import UTC, datetime

from playwright.async_api import Browser
from support.accessibility import violations
from support.browser import look
from support.http_clients import afterword_settings

from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.sample_invitations import sample_invitation
from shared.events import SurveyTexts, Tenant
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INVERT = """() => {
    const turned = color => {
        const parts = color.match(/[\\d.]+/g).map(Number);
        const alpha = parts.length > 3 ? parts[3] : 1;
        return `rgba(${parts.slice(0, 3).map(part => 255 - part).join(",")}, ${alpha})`;
    };
    const all = [...document.querySelectorAll("html, body, body *")];
    const shown = all.map(element => {
        const style = getComputedStyle(element);
        return [style.color, style.backgroundColor, style.borderTopColor];
    });
    all.forEach((element, at) => {
        const [color, ground, border] = shown[at].map(turned);
        element.style.setProperty("color", color, "important");
        element.style.setProperty("background-color", ground, "important");
        element.style.setProperty("border-color", border, "important");
    });
    document.documentElement.style.setProperty("background-color", "#000");
}"""
"""What Gmail does on a phone in dark mode: each color becomes its opposite, whatever the mail says."""
MARK = """() => document.querySelectorAll("body, body *").forEach(element => {
    if (element.style.color) element.setAttribute("data-ogsc", element.style.color);
    if (element.style.backgroundColor) element.setAttribute("data-ogsb", element.style.backgroundColor);
})"""
"""What Outlook on the web does in dark mode to what has a color: its own attributes."""
SHOWN = """() => [...document.querySelectorAll("a, h1")].map(element =>
    [element.innerText.trim(), element.getBoundingClientRect().width > 0])"""


async def test_a_mail_can_be_read_and_answered_in_whatever_a_mail_program_makes_of_it(
    browser: Browser,
) -> None:
    renderer = SurveyMailRenderer(
        afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), lambda: NOW
    )
    tenant = Tenant(id="havnbo", version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK")
    draft = SurveyDraft(name="Delivery", trigger="order.delivered")
    html = renderer.render(sample_invitation(uuid7(), draft, "da", NOW), tenant, SurveyTexts()).html
    context = await browser.new_context(viewport={"width": 320, "height": 800}, locale="da")
    page = await context.new_page()
    seen = []
    for name, scheme, script in (
        ("as it is", "light", None),
        ("dark", "dark", None),
        ("inverted", "light", INVERT),
        ("outlook", "light", MARK),
        ("unstyled", "light", None),
    ):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_content(
            re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL) if name == "unstyled" else html
        )
        if script is not None:
            await page.evaluate(script)
        await look(page, f"mail-{name}")
        assert await violations(page) == [], name
        seen.append(await page.evaluate(SHOWN))
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground != "rgb(255, 255, 255)") == (name in {"dark", "inverted", "outlook"}), name
    assert all(each == seen[0] for each in seen)
    assert all(is_shown for _, is_shown in seen[0])
    assert [text for text, _ in seen[0]][1:12] == [str(score) for score in range(11)]
    await context.close()
