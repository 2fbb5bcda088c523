"""What the APIs accept can be kept: the longest name of a segment fits every table's key."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from support.http_clients import a_lent_context
from support.lent_databases import LentDatabases

from services.scorer.app import SERVICE
from services.scorer.handlers import count_answers
from shared.events import ANSWERS, Answer, too_long
from shared.events.segments import MAX_SEGMENT_BYTES
from shared.ids import uuid7
from shared.service import Context

NOW = datetime.now(UTC)


@pytest.fixture
async def context(databases_to_lend: LentDatabases) -> AsyncIterator[Context]:
    async with a_lent_context(SERVICE, databases_to_lend) as context:
        yield context


async def test_an_answer_of_the_longest_path_is_counted(context: Context) -> None:
    letters = random.Random(7)
    path = tuple("".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=160)) for _ in range(6))
    answer = Answer(
        id=uuid7(), version=1, state="sent", origin="import", score=9, organisation=path, day=NOW.date(),
        answered_at=NOW, changed_at=NOW,
    )  # fmt: skip
    assert too_long(answer) is None
    assert len("/".join(path)) > MAX_SEGMENT_BYTES - 50
    handle = count_answers
    async with context.database.transaction() as uow:
        await handle(uow, [ANSWERS.event("acme", answer, NOW)])
        counted = await uow.execute("SELECT count(*) FROM segment WHERE tenant = 'acme' AND segment <> ''")
        assert counted.scalar_one() == 6
