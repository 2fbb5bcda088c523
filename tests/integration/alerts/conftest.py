"""A migrated database of alerts for each test, and its application on it."""

from collections.abc import AsyncIterator

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import a_tenant, deliver
from support.http_clients import context_on
from support.stack import Postgres

from services.alerts.app import SERVICE
from shared.db.database import Database
from shared.tenancy.tenants import keep_tenants


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    """A database of this test's own."""
    url = await postgres.migrated_database("alerts")
    database = Database(url, name="alerts-test")
    yield database
    await database.close()
    await postgres.drop_database(url)


@pytest.fixture
async def alerts(database: Database) -> AsyncIterator[AlertsApi]:
    """The application of alerts with two tenants."""
    await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
    context = context_on(SERVICE, database)
    app, _ = SERVICE.api(context)
    yield AlertsApi(context, app)
    context.stopping.set()
