"""The dispatcher's API as it is composed, with two companies' keys, on a database of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest
from support.dispatcher_builders import TENANT, Clock, know_tenant
from support.dispatcher_client import FOREIGN_KEY, KEY
from support.http_clients import a_context, api_client
from support.stack import Postgres

from services.dispatcher.app import SERVICE
from shared.db.database import Database
from shared.events import KeyDigest
from shared.service import Context
from shared.tenancy import digest_of


@pytest.fixture
async def context(postgres: Postgres) -> AsyncIterator[Context]:
    context = await a_context(SERVICE, postgres, mailbox_url="http://mailbox.example/", local=True)
    context.database.clock = Clock()  # events of the tests never grow too old
    for tenant, key in ((TENANT, KEY), ("another", FOREIGN_KEY)):
        scopes = ("surveys:write", "decisions:read")
        digest = KeyDigest(id=f"k-{tenant}", name="shop", digest=digest_of(key), scopes=scopes)
        await know_tenant(context.database, tenant, keys=(digest,))
    yield context
    await context.database.close()


@pytest.fixture
def database(context: Context) -> Database:
    return context.database


@pytest.fixture
async def door(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(SERVICE, context) as client:
        yield client
