"""The mail of a saved view in a real browser: asked for and stopped at its page, by its link, and as it is read."""

import base64
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.browser import Scheme, look
from support.http_clients import SECRET
from support.keyboard import keyboard_faults
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_pass, a_scorer_client, a_tenant
from support.screens import MAKER, saved
from support.servers import serving
from support.view_mails import FakeHistory, with_history

from services.alerts.notices.kinds import NoticeText
from services.alerts.notices.rendering import NoticeRenderer
from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE
from shared.mail import InlinePicture
from shared.mail.installation import InstallationSender
from shared.pages.language import rendering_for
from shared.pages.renderer import Renderer
from shared.privacy.service_client import ServiceClient, read_answer
from shared.privacy.service_tokens import ServiceTokens
from shared.privacy.view_mails import (
    CONTENT_PATH,
    PICTURE_ID,
    LeftViewMails,
    OwnViewMail,
    ViewMailAnswer,
    ViewMailContent,
    ViewMailHistory,
    ViewMailQuestion,
    ViewMailWeek,
)

pytestmark = pytest.mark.browser
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LEFT_AT = datetime(2026, 11, 23, 7, 1, tzinfo=UTC)
OF_A_WHOLE_PAGE = ("document-title", "landmark-one-main", "region")
"""Rules of pages: a mail is shown within the page of a mail program, which has all these."""
LONG = "Donaudampfschifffahrtsgesellschaft, the whole of the last quarter, by touchpoint"
TOLD = ViewMailHistory(
    own=OwnViewMail(monday=TODAY, outcome="sent", at=LEFT_AT),
    left=LeftViewMails(monday=TODAY, people=3, at=LEFT_AT),
    week=ViewMailWeek(monday=TODAY, state="done", until=NOW + timedelta(hours=9)),
    next_at=datetime(2026, 11, 30, 7, tzinfo=UTC),
)


class Site(NamedTuple):
    """The scorer on a socket, and what alerts answers it."""

    origin: str
    client: ScorerClient
    alerts: FakeHistory


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    database.clock = lambda: NOW
    answers = [
        an_answer(
            f"{place}{days}-{number}",
            day=TODAY - timedelta(days=days),
            score=(3, 6)[number] if place == "checkout" and days < 20 else (9, 7, 10, 4)[days % 4],
            segments={"touchpoint": place},
        )
        for days in range(90)
        for place in ("checkout", "returns", "desk")
        for number in range(2)
    ]
    await count(database, *answers)
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield Site(origin, client, with_history(client))


@pytest.fixture
async def signed_in(database: Database, browser: Browser, site: Site) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": site.origin}])
    yield await context.new_page()
    await context.close()


def windows() -> Iterator[tuple[int, Scheme]]:
    """Narrow and wide, in both schemes."""
    for width in (360, 1280):
        yield width, "light"
        yield width, "dark"


async def content(site: Site, view: str) -> ViewMailContent:
    """What alerts gets of one mail."""
    tokens = ServiceTokens(SECRET, clock=site.client.database.clock)
    services = ServiceClient("http://127.0.0.1:8080", tokens, httpx.ASGITransport(site.client.app))
    body = msgspec.json.encode(ViewMailQuestion(view=UUID(view), staff=MAKER, role="leader"))
    answer = await services.post("scorer", CONTENT_PATH, body, purpose="view-mails", tenant="acme")
    found = read_answer("scorer", answer, ViewMailAnswer).content
    assert found is not None
    return found


def mail_html(content: ViewMailContent, clock: datetime) -> str:
    """The mail as a mail program shows it, with the picture that it carries."""
    assert content.picture is not None
    sender = InstallationSender("afterword@example.com")
    renderer = NoticeRenderer(sender, "http://afterword.example", SECRET, lambda: clock)
    text = NoticeText(
        subject=content.subject,
        paragraphs=content.paragraphs,
        path=content.path,
        html=content.html,
        picture=InlinePicture(content_id=PICTURE_ID, name="trend.png", body=content.picture),
        stop_path=content.stop_path,
    )
    with rendering_for(Renderer("services.alerts", clock=lambda: clock).reader("en", "Europe/Copenhagen")):
        mail = renderer.mail("view_mail", uuid4(), "jonas@example.com", text)
    parts = {
        part.get_content_type(): part
        for part in message_from_bytes(mail.as_bytes(), policy=policy.default).walk()
    }
    html, picture = parts["text/html"].get_content(), parts["image/png"]
    shown = f"data:image/png;base64,{base64.b64encode(picture.get_content()).decode()}"
    cid = str(picture["Content-ID"]).strip("<>")
    assert f"cid:{cid}" in html
    return str(html).replace(f"cid:{cid}", shown)


async def test_a_view_is_asked_for_changed_and_stopped_at_its_page(site: Site, signed_in: Page) -> None:
    view, page = await saved(site.client, "/?window=30d", "Everything"), signed_in
    await page.goto(f"{site.origin}/views/{view}")
    heading = page.locator("#mail-head")
    await expect(heading).to_have_text("You do not get it as mail.")
    await page.get_by_role("button", name="Send it to me every Monday").click()
    await expect(page.get_by_role("status").first).to_contain_text("You get it every Monday.")
    await expect(heading).to_have_text("You get it every Monday.")
    site.alerts.told = TOLD
    await page.get_by_text("Change the view", exact=True).last.click()
    await page.get_by_label("Under which name?").fill("All of it")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("All of it")
    await expect(heading).to_have_text("You get it every Monday.")
    section = page.locator("section", has=heading)
    await expect(section).to_contain_text(
        "The last one left on 23 November at 08:01, to you and 2 other people."
    )
    await expect(section).to_contain_text("The next one is due on 30 November at 08:00.")
    assert (await content(site, view)).subject.startswith("All of it: NPS ")
    await page.get_by_role("button", name="Stop the mail").click()
    await expect(page.get_by_role("status").first).to_contain_text("You do not get this view any more.")
    await expect(heading).to_have_text("You do not get it as mail.")


async def test_the_page_of_a_view_with_its_mail_fits_every_width_in_both_schemes_and_is_accessible(
    database: Database, browser: Browser, site: Site
) -> None:
    view = await saved(site.client, "/segments?segment=&by=touchpoint", LONG, shared=True)
    site.alerts.told = replace_own(TOLD, "quiet")
    await site.client.send("PUT", f"/v1/views/{view}/mail", role="leader")
    for width, scheme in windows():
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en"
        )
        await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": site.origin}])
        page = await context.new_page()
        for name, address in (("views", "/views"), ("view-mailed", f"/views/{view}")):
            await page.goto(f"{site.origin}{address}")
            await look(page, name)
            assert await violations(page) == []
            assert await keyboard_faults(page) == []
        await context.close()


def replace_own(told: ViewMailHistory, outcome: str) -> ViewMailHistory:
    """The same with another outcome of one's own mail."""
    assert told.own is not None
    own = msgspec.convert({**msgspec.structs.asdict(told.own), "outcome": outcome}, OwnViewMail)
    return msgspec.structs.replace(told, own=own)


async def test_the_link_in_the_mail_ends_it_by_its_button_without_a_script_or_signing_in(
    browser: Browser, site: Site
) -> None:
    view = await saved(site.client, "/?window=30d", LONG)
    await site.client.send("PUT", f"/v1/views/{view}/mail", role="leader")
    stop_path = (await content(site, view)).stop_path
    for width, scheme in windows():
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en"
        )
        page = await context.new_page()
        await page.goto(f"{site.origin}{stop_path}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stop this mail?")
        await look(page, "view-mail-stop")
        assert await violations(page) == []
        assert await keyboard_faults(page) == []
        await context.close()
    context = await browser.new_context(
        viewport={"width": 360, "height": 800}, java_script_enabled=False, locale="en"
    )
    page = await context.new_page()
    await page.goto(f"{site.origin}{stop_path}")
    await page.get_by_role("button", name="Stop the mail").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You do not get this view any more.")
    wanted = await site.client.get(f"/v1/views/{view}/mail", role="leader")
    assert not wanted.json()["wanted"]
    await page.goto(f"{site.origin}{stop_path}")
    await expect(page.get_by_role("button", name="Stop the mail")).to_have_count(0)
    await context.close()
    for width, scheme in windows():
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en"
        )
        page = await context.new_page()
        await page.goto(f"{site.origin}{stop_path}")
        await look(page, "view-mail-stopped")
        assert await violations(page) == []
        await context.close()


async def test_the_mail_is_read_at_every_width_in_both_schemes(browser: Browser, site: Site) -> None:
    view = await saved(site.client, "/segments?segment=&by=touchpoint&window=30d", LONG)
    await site.client.send("PUT", f"/v1/views/{view}/mail", role="leader")
    html = mail_html(await content(site, view), NOW)
    for width, scheme in windows():
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en"
        )
        page = await context.new_page()
        await page.set_content(html)
        # What the mail lies on, which axe takes for white.
        await page.add_style_tag(content="html { background: Canvas; }")
        drawing = page.get_by_role("img")
        await expect(drawing).to_have_js_property("complete", True)
        box = await drawing.bounding_box()
        assert box is not None
        assert 300 <= box["width"] <= width
        await look(page, "view-mail")
        assert [fault for fault in await violations(page) if not fault.startswith(OF_A_WHOLE_PAGE)] == []
        await context.close()
