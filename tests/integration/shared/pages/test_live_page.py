"""A live page in a real browser: live parts change, what the user is doing stays."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab
from support.http_clients import an_app
from support.servers import serving

from shared.http.csrf import CsrfGuard
from shared.http.live import LiveChange, LiveFeed
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff, signed_in
from shared.pages.environment import Pages
from shared.pages.page import Frame, Page

pytestmark = pytest.mark.browser
SECRET = "a secret of at least thirty-two characters"
PAGE = """{% extends "frame.html" %}
{% block title %}{{ count }} answers{% endblock %}
{% block main %}
<form class="sentence"><label>Window <select name="window"><option>30d</option><option>7d</option></select></label></form>
<div id="score" data-live>
<h1>{{ count }}</h1><p data-say hidden>{{ count }} answers.</p>
<details id="behind"><summary>Behind</summary><p>shown</p></details>
<form method="post"><input id="note" name="note"><input type="checkbox" name="agreed" value="yes"></form>
</div>
<p id="still">{{ count }}</p>
{% if count == 9 %}<span id="more" data-live hidden></span>{% endif %}
{% endblock %}"""


@dataclass(frozen=True, kw_only=True)
class CountPage(Page):
    template: ClassVar[str] = "page.html"
    count: int


class World:
    count, broken = 1, False
    url: str

    async def read(self, _tenants: Collection[str]) -> list[LiveChange]:
        if self.broken:
            raise ConnectionError
        return [LiveChange("acme", "score", self.count)]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    package = tmp_path / "sample_pages"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "templates" / "page.html").write_text(PAGE)
    monkeypatch.syspath_prepend(tmp_path)
    world, stopping, pages = World(), asyncio.Event(), Pages("sample_pages")
    feed, router = (
        LiveFeed(world.read, stopping, min_interval_s=0.05),
        APIRouter(include_in_schema=False, route_class=CheckedRoute),
    )
    staff = Staff(
        "acme", UUID(int=7), "Jonas Holt", "admin", (), "s-1", datetime.now(UTC) + timedelta(hours=1)
    )

    @router.get("/page")
    async def page(request: Request, user: Annotated[Staff, Depends(signed_in())]) -> Response:
        page = CountPage(count=world.count)
        return pages.page(request, page, staff=user, frame=Frame(live="/live"))

    @router.get("/live")
    async def live(request: Request) -> StreamingResponse:
        return feed.response(request, staff)

    @router.get("/login/renew")
    async def renew(next: str) -> RedirectResponse:  # noqa: A002  (the parameter's name in the address)
        answer = RedirectResponse(next, 303)
        answer.set_cookie(ACCESS_COOKIE, app.state.http.access.sign(staff), httponly=True, samesite="lax")
        return answer

    app = an_app([router], pages=pages, access=AccessPass(SECRET), csrf=CsrfGuard(SECRET))
    async with serving(app, stopping) as origin:
        world.url = f"{origin}/page"
        yield world


@pytest.fixture
async def tab(world: World, browser: Browser) -> AsyncIterator[Tab]:
    context = await browser.new_context()
    tab = await context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    await tab.goto(world.url)
    yield tab
    await context.close()
    assert faults == []


async def test_live_parts_change_and_what_the_user_is_doing_stays(world: World, tab: Tab) -> None:
    await tab.fill("#note", "half a sentence")
    await tab.check("[name=agreed]")
    await tab.click("#behind summary")
    await tab.focus("#note")
    await tab.evaluate("document.getElementById('note').setSelectionRange(2, 6)")
    world.count = 2
    await expect(tab.locator("h1")).to_have_text("2")
    await expect(tab.locator("#note")).to_have_value("half a sentence")
    await expect(tab.locator("#note")).to_be_focused()
    await expect(tab.locator("[name=agreed]")).to_be_checked()
    await expect(tab.locator("#behind p")).to_be_visible()
    selection = (
        "[document.getElementById('note').selectionStart, document.getElementById('note').selectionEnd]"
    )
    assert await tab.evaluate(selection) == [2, 6]
    await expect(tab.locator("#still")).to_have_text("1")
    await expect(tab).to_have_title("2 answers")


async def test_a_page_with_other_parts_is_loaded_anew(world: World, tab: Tab) -> None:
    world.count = 9
    await expect(tab.locator("#still")).to_have_text("9")


async def test_a_page_that_shows_a_refusal_keeps_what_was_typed_whatever_parts_it_has(
    world: World, tab: Tab
) -> None:
    refused = "<div class='faults' role='alert'></div><textarea id='typed'>Sent with the page</textarea>"
    await tab.evaluate(
        "words => document.querySelector('main').insertAdjacentHTML('beforeend', words)", refused
    )
    world.count = 9
    await expect(tab.locator("h1")).to_have_text("9")
    await expect(tab.locator("#still")).to_have_text("1")
    await expect(tab.locator("#typed")).to_have_value("Sent with the page")


async def test_a_change_is_announced_once_and_the_next_waits_for_a_minute(world: World, tab: Tab) -> None:
    world.count = 2
    await expect(tab.locator("#said")).to_have_text("2 answers.")
    world.count = 3
    await expect(tab.locator("h1")).to_have_text("3")
    await expect(tab.locator("#said")).to_have_text("2 answers.")


async def test_a_page_shows_when_it_is_outdated_and_when_it_is_current_again(world: World, tab: Tab) -> None:
    await expect(tab.locator("#offline")).to_be_hidden()
    world.broken = True
    await expect(tab.locator("#offline")).to_contain_text("No connection since")
    world.broken, world.count = False, 5
    await expect(tab.locator("h1")).to_have_text("5", timeout=15_000)
    await expect(tab.locator("#offline")).to_be_hidden()


async def test_a_changed_choice_is_shown_at_once_and_keeps_the_focus(world: World, tab: Tab) -> None:
    await tab.select_option("select[name=window]", "7d")
    await tab.wait_for_url("**/page?window=7d")
    await expect(tab.locator("select[name=window]")).to_be_focused()


async def test_a_missing_pass_is_renewed_silently(world: World, tab: Tab) -> None:
    await tab.context.clear_cookies()
    world.count = 7
    await expect(tab.locator("h1")).to_have_text("7")
    assert tab.url == world.url
