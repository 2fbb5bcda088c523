"""A migrated database of the scorer for each test."""

from collections.abc import AsyncIterator

import pytest
from support.lent_databases import LentDatabases

from shared.db.database import Database


@pytest.fixture
async def database(databases_to_lend: LentDatabases) -> AsyncIterator[Database]:
    """An empty database."""
    async with databases_to_lend.lend("scorer") as database:
        yield database
