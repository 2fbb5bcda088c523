"""A migrated database of the scorer for each test."""

from collections.abc import AsyncIterator

import pytest
from support.stack import Postgres

from shared.db.database import Database


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    """A database of this test's own."""
    url = await postgres.migrated_database("scorer")
    database = Database(url, name="scorer-test")
    yield database
    await database.close()
    await postgres.drop_database(url)
