"""The dispatcher's API as it is composed, with two companies' keys, on a database of its own."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page
from support.dispatcher_builders import TENANT, Clock, keep_tenant
from support.dispatcher_client import FOREIGN_KEY, KEY, a_person
from support.http_clients import api_client, context_on
from support.lent_databases import LentDatabases
from support.servers import serving

from services.dispatcher.app import SERVICE
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import KeyDigest
from shared.service import Context
from shared.tenancy import digest_of


@pytest.fixture
async def context(databases_to_lend: LentDatabases) -> AsyncIterator[Context]:
    async with databases_to_lend.lend("dispatcher", Clock()) as database:  # events never grow too old
        yield await _with_companies(
            context_on(SERVICE, database, mailbox_url="http://mailbox.example/", local=True)
        )


async def _with_companies(context: Context) -> Context:
    for tenant, key in ((TENANT, KEY), ("another", FOREIGN_KEY)):
        scopes = ("surveys:write", "decisions:read")
        digest = KeyDigest(id=f"k-{tenant}", name="shop", digest=digest_of(key), scopes=scopes)
        await keep_tenant(context.database, tenant, keys=(digest,))
    return context


@pytest.fixture
def database(context: Context) -> Database:
    return context.database


@pytest.fixture
async def client(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(SERVICE, context) as client:
        yield client


@pytest.fixture
async def page(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Page]:
    """A page of an administrator's browser, by its width, color scheme and language; no script may fail."""
    width: int
    scheme: Any
    language: str
    width, scheme, language = getattr(request, "param", (1280, "light", "en"))
    browsing = await browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language
    )
    name, _, value = a_person()["Cookie"].partition("=")
    await browsing.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
    page = await browsing.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await browsing.close()
    assert complaints == []


@pytest.fixture
async def origin(context: Context) -> AsyncIterator[str]:
    """The dispatcher behind a real socket, by the real time."""
    context.database.clock = system_clock
    app, _ = SERVICE.api(context)
    async with serving(
        app, context.stopping, context.changes.run(context.stopping), context.keys.run(context.stopping)
    ) as origin:
        yield origin
