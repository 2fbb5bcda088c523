"""A migrated database of alerts for each test, and its application on it."""

from collections.abc import AsyncIterator

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import a_tenant, deliver
from support.http_clients import context_on
from support.lent_databases import LentDatabases

from services.alerts.app import SERVICE
from shared.db.database import Database
from shared.tenancy.tenants import keep_tenants


@pytest.fixture
async def database(databases_to_lend: LentDatabases) -> AsyncIterator[Database]:
    """An empty database."""
    async with databases_to_lend.lend("alerts") as database:
        yield database


@pytest.fixture
async def alerts(database: Database) -> AsyncIterator[AlertsApi]:
    """The application of alerts with two tenants."""
    await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
    context = context_on(SERVICE, database)
    app, _ = SERVICE.api(context)
    yield AlertsApi(context, app)
    context.stopping.set()
