"""The page in a real browser: what is live changes, what the reader is doing stays."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, StreamingResponse
from playwright.async_api import async_playwright, expect
from support.browser import CHROMIUM, FLAGS
from support.http_clients import an_app

from shared.http.csrf import CsrfGuard
from shared.http.live import LiveChange, LiveFeed
from shared.http.routes import CheckedRoute
from shared.http.server import serve
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff, signed_in
from shared.pages.environment import Pages

pytestmark = pytest.mark.browser
SECRET = "a secret of at least thirty-two characters"
PAGE = """{% extends "frame.html" %}
{% block title %}{{ count }} answers{% endblock %}
{% block main %}
<form class="sentence"><label>Window <select name="window"><option>30d</option><option>7d</option></select></label></form>
<div id="score" data-live>
<h1>{{ count }}</h1><p data-say hidden>{{ count }} answers.</p>
<details id="behind"><summary>Behind</summary><p>shown</p></details>
<form method="post"><input id="note" name="note"><input type="checkbox" name="told" value="yes"></form>
</div>
<p id="still">{{ count }}</p>
{% endblock %}"""


class World:
    count, broken = 1, False

    async def read(self, _tenants):
        if self.broken:
            raise ConnectionError
        return [LiveChange("acme", "score", self.count)]


@pytest.fixture
async def world(tmp_path, monkeypatch):
    package = tmp_path / "sample_pages"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "templates" / "page.html").write_text(PAGE)
    monkeypatch.syspath_prepend(tmp_path)
    world, stopping, pages = World(), asyncio.Event(), Pages("sample_pages")
    feed, router = (
        LiveFeed(world.read, stopping, every=0.05),
        APIRouter(include_in_schema=False, route_class=CheckedRoute),
    )
    staff = Staff(
        "acme", UUID(int=7), "Jonas Holt", "admin", (), "s-1", datetime.now(UTC) + timedelta(hours=1)
    )

    @router.get("/page")
    async def page(request: Request, who: Annotated[Staff, Depends(signed_in())]):
        return pages.response(request, "page.html", staff=who, count=world.count, live="/live")

    @router.get("/live")
    async def live(request: Request) -> StreamingResponse:
        return feed.response(request, staff)

    @router.get("/login/renew")
    async def renew(next: str):  # noqa: A002  (the parameter's name in the address)
        answer = RedirectResponse(next, 303)
        answer.set_cookie(ACCESS_COOKIE, app.state.http.access.sign(staff), httponly=True, samesite="lax")
        return answer

    app = an_app([router], pages=pages, access=AccessPass(SECRET), csrf=CsrfGuard(SECRET))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world.url = f"http://127.0.0.1:{port}/page"
    server = asyncio.create_task(serve(app, port, stopping))
    yield world
    stopping.set()
    await server


@pytest.fixture
async def tab(world):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = await browser.new_page()
        faults = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        await tab.goto(world.url)
        yield tab
        await browser.close()
        assert faults == []


async def test_what_is_live_changes_and_what_the_reader_is_doing_stays(world, tab):
    await tab.fill("#note", "half a sentence")
    await tab.check("[name=told]")
    await tab.click("#behind summary")
    await tab.focus("#note")
    await tab.evaluate("document.getElementById('note').setSelectionRange(2, 6)")
    world.count = 2
    await expect(tab.locator("h1")).to_have_text("2")
    await expect(tab.locator("#note")).to_have_value("half a sentence")
    await expect(tab.locator("#note")).to_be_focused()
    await expect(tab.locator("[name=told]")).to_be_checked()
    await expect(tab.locator("#behind p")).to_be_visible()
    selection = (
        "[document.getElementById('note').selectionStart, document.getElementById('note').selectionEnd]"
    )
    assert await tab.evaluate(selection) == [2, 6]
    await expect(tab.locator("#still")).to_have_text("1")
    await expect(tab).to_have_title("2 answers")


async def test_a_change_is_said_once_and_the_next_waits_for_its_minute(world, tab):
    world.count = 2
    await expect(tab.locator("#said")).to_have_text("2 answers.")
    world.count = 3
    await expect(tab.locator("h1")).to_have_text("3")
    await expect(tab.locator("#said")).to_have_text("2 answers.")


async def test_a_reader_hears_when_the_page_is_no_longer_true_and_when_it_is_again(world, tab):
    await expect(tab.locator("#offline")).to_be_hidden()
    world.broken = True
    await expect(tab.locator("#offline")).to_contain_text("No connection since")
    world.broken, world.count = False, 5
    await expect(tab.locator("h1")).to_have_text("5", timeout=15_000)
    await expect(tab.locator("#offline")).to_be_hidden()


async def test_a_changed_choice_is_shown_at_once_and_keeps_the_focus(world, tab):
    await tab.select_option("select[name=window]", "7d")
    await tab.wait_for_url("**/page?window=7d")
    await expect(tab.locator("select[name=window]")).to_be_focused()


async def test_a_pass_that_is_gone_is_renewed_without_a_word(world, tab):
    await tab.context.clear_cookies()
    world.count = 7
    await expect(tab.locator("h1")).to_have_text("7")
    assert tab.url == world.url
