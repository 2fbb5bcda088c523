"""A migrated database of the scorer for each test."""

from collections.abc import AsyncIterator

import pytest
from support.stack import Postgres

from shared.db.database import Database
from shared.db.migrations import migrate


@pytest.fixture(scope="session")
async def migrated(postgres: Postgres) -> str:
    """A database at the newest revision, to be copied."""
    url = await postgres.create_database("scorer")
    await migrate("scorer", url)
    return url


@pytest.fixture
async def database(postgres: Postgres, migrated: str) -> AsyncIterator[Database]:
    """A database of this test's own."""
    url = await postgres.create_database("scorer", template=migrated)
    database = Database(url, name="scorer-test")
    yield database
    await database.close()
    await postgres.drop_database(url)
