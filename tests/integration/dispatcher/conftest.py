"""A fresh dispatcher's database for each test, copied from one that was migrated once."""

from collections.abc import AsyncIterator

import pytest
from support.asking import Clock
from support.stack import Postgres

from shared.db.database import Database
from shared.db.migrations import migrate


@pytest.fixture(scope="session")
async def migrated(postgres: Postgres) -> str:
    url = await postgres.create_database("dispatcher")
    await migrate("dispatcher", url)
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(postgres: Postgres, migrated: str, clock: Clock) -> AsyncIterator[Database]:
    url = await postgres.create_database("dispatcher", template=migrated)
    database = Database(url, name="dispatcher-test", clock=clock)
    yield database
    await database.close()
    await postgres.drop_database(url)
