"""A service of two workers that stores notes of customers, on a real database and a real broker."""

from collections.abc import AsyncIterator

import pytest
from support.kernel_service import create_topics
from support.privacy_service import TOPICS_OF_DEAD_LETTERS, NoteService, a_note_service
from support.stack import Postgres

from shared.events import CUSTOMERS, ERASURES, TRANSACTIONS


@pytest.fixture
async def notes(postgres: Postgres, kafka: str) -> AsyncIterator[NoteService]:
    await create_topics(kafka, [CUSTOMERS.name, ERASURES.name, TRANSACTIONS.name, *TOPICS_OF_DEAD_LETTERS])
    async with a_note_service(postgres, kafka) as service:
        yield service
