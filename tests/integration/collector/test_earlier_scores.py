"""An answer is published with the scores that it had before, also one of before they were kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import alembic.command
from sqlalchemy import Connection
from support.stack import Postgres

from shared.db.database import Database
from shared.db.migrations import configuration, migrate
from shared.events.answers import EarlierScore

from .conftest import Bench


async def test_each_amendment_is_published_with_the_scores_before_it(bench: Bench) -> None:
    invitation, begin = await bench.invite(), bench.now
    for score in (3, 8, 9):
        await bench.submit(invitation, score)
        bench.now += timedelta(hours=1)
    hours = [begin + timedelta(hours=hours) for hours in range(3)]
    first = EarlierScore(score=3, at=hours[0], until=hours[1])
    second = EarlierScore(score=8, at=hours[1], until=hours[2])
    found = [(answer.score, answer.earlier_scores) for answer in await bench.published()]
    assert found == [(3, ()), (8, (first,)), (9, (first, second))]


AN_ANSWER = """
    INSERT INTO answer (tenant, id, version, state, origin, test, score, measurement, segments, organisation,
                        day, answered_at, changed_at, within, signs)
    VALUES ('acme', :id, :version, 'sent', 'survey', false, :score, 'transactional', '{}', '[]', '2026-11-20',
            CAST('2026-11-20T10:00Z' AS timestamptz), CAST(:changed_at AS timestamptz), '[""]', CAST(:signs AS jsonb))
"""
A_VERSION = """
    INSERT INTO answer_history (tenant, answer_id, version, state, score, changed_at)
    VALUES ('acme', :id, :version, 'sent', :score, CAST(:changed_at AS timestamptz))
"""


async def test_what_was_amended_before_has_the_scores_of_its_history(postgres: Postgres) -> None:
    async with _before(postgres) as database:
        amended, many, held, untouched = (UUID(int=number) for number in range(1, 5))

        def at(hour: int) -> str:
            return f"2026-11-{20 + hour // 24}T{hour % 24:02}:00Z"

        async with database.transaction() as uow:

            async def answer(id_: UUID, scores: list[int], signs: str = "[]", first_hour: int = 10) -> None:
                for version, score in enumerate(scores, 1):
                    sql = AN_ANSWER if version == len(scores) else A_VERSION
                    given: dict[str, object] = {"id": id_, "version": version, "score": score}
                    given |= {"signs": signs} if sql is AN_ANSWER else {}
                    await uow.execute(sql, {**given, "changed_at": _instant(at(first_hour + version - 1))})

            # The first two versions were a machine's: the person began at ten.
            await answer(amended, [0, 1, 3, 3, 8, 8, 9], first_hour=8)
            await answer(many, [number % 2 for number in range(30)])
            await answer(held, [2, 5], signs='["early"]')
            await answer(untouched, [7, 7])
        await migrate("collector", database.url)
        async with database.reading() as uow:
            rows = await uow.execute("SELECT id, earlier_scores FROM answer ORDER BY id")
            found = {row.id: row.earlier_scores for row in rows}
        assert [(each["score"], _hour(each["at"]), _hour(each["until"])) for each in found[amended]] == [
            (3, 10, 12),
            (8, 12, 14),
        ]
        assert [each["score"] for each in found[many]] == [0] + [number % 2 for number in range(10, 29)]
        assert (found[held], found[untouched]) == ([], [])


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _hour(written: str) -> int:
    return _instant(written).hour


@asynccontextmanager
async def _before(postgres: Postgres) -> AsyncIterator[Database]:
    """A database as the version before made it."""
    database = Database(await postgres.create_database("collector"), name="collector-test")

    def upgrade(connection: Connection) -> None:
        config = configuration("collector")
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0016")

    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(upgrade)
        yield database
    finally:
        await database.close()
        await postgres.drop_database(database.url)
