"""Many tabs of one browser over HTTP/1.1, where it has six connections for an address."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from playwright.async_api import Browser, BrowserContext, expect
from playwright.async_api import Page as Tab
from support.eventually import eventually
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
{% block title %}{{ count }}{% endblock %}
{% block main %}<h1 id="count" data-live>{{ count }}</h1>
<form method="get" action="/act"><button type="submit">Act</button></form>{% endblock %}"""
SERVICES = ("alerts", "scorer", "dispatcher")
NO_WORKER = "delete globalThis.SharedWorker"
LOOK = """state => { Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
document.dispatchEvent(new Event("visibilitychange")); }"""


@dataclass(frozen=True, kw_only=True)
class CountPage(Page):
    template: ClassVar[str] = "page.html"
    count: int


class World:
    origin: str
    access: str

    def __init__(self, stopping: asyncio.Event) -> None:
        self.counts, self.loads = dict.fromkeys(("1", "2", "3"), 1), 0
        self.loads_about: Counter[str] = Counter()
        self.feeds = {name: LiveFeed(self._read, stopping, min_interval_s=0.05) for name in SERVICES}

    async def _read(self, _tenants: Collection[str]) -> list[LiveChange]:
        return [LiveChange("acme", thing, count) for thing, count in self.counts.items()]

    def streams(self) -> dict[str, int]:
        return {name: len(feed._listeners) for name, feed in self.feeds.items()}

    def is_past(self, before: int) -> bool:
        return self.counts["1"] > before

    def change(self, *things: str) -> None:
        for thing in things or self.counts:
            self.counts[thing] += 1


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    package = tmp_path / "sample_tabs"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "templates" / "page.html").write_text(PAGE)
    monkeypatch.syspath_prepend(tmp_path)
    stopping, pages, router = (
        asyncio.Event(),
        Pages("sample_tabs"),
        APIRouter(include_in_schema=False, route_class=CheckedRoute),
    )
    world = World(stopping)
    staff = Staff("acme", UUID(int=7), "Jonas", "admin", (), "s-1", datetime.now(UTC) + timedelta(hours=1))

    @router.get("/page/{service}/{thing}")
    async def page(
        request: Request, user: Annotated[Staff, Depends(signed_in())], service: str, thing: str
    ) -> Response:
        world.loads += 1
        world.loads_about[thing] += 1
        frame = Frame(live=f"/live/{service}", live_only=None if thing == "any" else thing)
        count = sum(world.counts.values()) if thing == "any" else world.counts[thing]
        return pages.page(request, CountPage(count=count), staff=user, frame=frame)

    @router.get("/live/{service}")
    async def live(request: Request, service: str) -> StreamingResponse:
        return world.feeds[service].response(request, staff)

    @router.get("/act")
    async def act() -> PlainTextResponse:
        return PlainTextResponse("Done.")

    app = an_app([router], pages=pages, access=AccessPass(SECRET), csrf=CsrfGuard(SECRET))
    world.access = app.state.http.access.sign(staff)
    async with serving(app, stopping) as world.origin:
        yield world


@pytest.fixture
async def context(world: World, browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    context.set_default_timeout(10_000)
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": world.access, "url": world.origin}])
    yield context
    await context.close()


async def open_tab(context: BrowserContext, world: World, service: str, thing: str = "any") -> Tab:
    tab = await context.new_page()
    await tab.goto(f"{world.origin}/page/{service}/{thing}")
    return tab


async def test_twelve_tabs_of_all_kinds_load_act_and_follow_changes(
    world: World, context: BrowserContext
) -> None:
    kinds = [(service, thing) for thing in ("any", "1", "2", "3") for service in SERVICES]
    tabs = [await open_tab(context, world, *kind) for kind in kinds]
    await eventually(lambda: world.streams() == dict.fromkeys(SERVICES, 1))
    world.change()
    for (_, thing), tab in zip(kinds, tabs, strict=True):
        await expect(tab.locator("h1")).to_have_text("6" if thing == "any" else "2")
    await tabs[4].get_by_role("button", name="Act").click()
    await expect(tabs[4].get_by_text("Done.")).to_be_visible()
    assert world.streams() == dict.fromkeys(SERVICES, 1)


async def test_the_first_tab_closes_and_the_others_still_follow_changes(
    world: World, context: BrowserContext
) -> None:
    first, second = [await open_tab(context, world, "alerts") for _ in range(2)]
    await eventually(lambda: world.streams()["alerts"] == 1)
    await first.close()
    world.change()
    await expect(second.locator("h1")).to_have_text("6")
    await second.close()
    await eventually(lambda: world.streams()["alerts"] == 0)


async def test_a_page_about_one_thing_is_not_loaded_for_another(
    world: World, context: BrowserContext
) -> None:
    one = await open_tab(context, world, "alerts", "1")
    every = await open_tab(context, world, "alerts")
    await expect(every.locator("h1")).to_have_text("3")
    for count in ("4", "5", "6", "7"):
        world.change("2")
        await expect(every.locator("h1")).to_have_text(count)
    assert world.loads_about["any"] >= 5
    assert world.loads_about["1"] <= 2  # when it was opened, and at the first event of its stream
    world.change("1")
    await expect(one.locator("h1")).to_have_text("2")


async def test_many_changes_load_a_page_once_a_second_at_most(world: World, context: BrowserContext) -> None:
    tab = await open_tab(context, world, "alerts")
    await eventually(lambda: world.streams()["alerts"] == 1)
    loop, loads = asyncio.get_running_loop(), world.loads
    began = loop.time()
    for _ in range(40):
        before = world.counts["1"]
        world.change()
        await eventually(partial(world.is_past, before))
        await tab.evaluate("new Promise(done => setTimeout(done, 50))")
    await expect(tab.locator("h1")).to_have_text("123")
    assert world.loads - loads <= 2 + (loop.time() - began)


@pytest.mark.parametrize("script", ["", NO_WORKER], ids=["shared", "without a shared worker"])
async def test_a_hidden_tab_closes_its_stream_and_is_updated_when_it_is_visible_again(
    world: World, context: BrowserContext, script: str
) -> None:
    await context.add_init_script(script)
    tab = await open_tab(context, world, "alerts")
    await eventually(lambda: world.streams()["alerts"] == 1)
    await tab.evaluate(LOOK, "hidden")
    await eventually(lambda: world.streams()["alerts"] == 0)
    world.change()
    await expect(tab.locator("h1")).to_have_text("3")
    await tab.evaluate(LOOK, "visible")
    await expect(tab.locator("h1")).to_have_text("6")
    await eventually(lambda: world.streams()["alerts"] == 1)
    world.change()
    await expect(tab.locator("h1")).to_have_text("9")
