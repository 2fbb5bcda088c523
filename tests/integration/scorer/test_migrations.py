import alembic.command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from support.stack import Postgres

from services.scorer.models import metadata
from shared.db.database import Database
from shared.db.migrations import configuration, migrate

AN_OLD_COUNT = (
    "INSERT INTO day_count AS t SELECT 'acme', 'transactional', 'store:a', day, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3 "
    "FROM (VALUES (date '2026-11-15'), ('2026-11-16'), ('2026-11-22'), ('2026-11-23')) AS d(day) "
    "ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET c0 = t.c0 + EXCLUDED.c0, "
    "c8 = t.c8 - EXCLUDED.c8, c10 = t.c10 + EXCLUDED.c10"
)
"""As the version before this one counts: it knows nothing of weeks."""


async def test_a_migrated_database_equals_the_metadata(database: Database):
    async with database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": False}), metadata
            )
        )
    assert [difference for difference in found if "alembic_version" not in str(difference)] == []


async def test_weeks_hold_what_was_counted_before_and_what_the_version_before_counts_meanwhile(
    postgres: Postgres,
) -> None:
    database = Database(await postgres.create_database("scorer"), name="scorer-test")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade_to_first)
        async with database.transaction() as uow:
            await uow.execute(AN_OLD_COUNT)
        await migrate("scorer", database.url)
        assert await _weeks(database) == {
            "2026-11-09": (1, 2, 3),
            "2026-11-16": (2, 4, 6),
            "2026-11-23": (1, 2, 3),
        }
        async with database.transaction() as uow:
            await uow.execute(AN_OLD_COUNT)
        assert await _weeks(database) == {
            "2026-11-09": (2, 0, 6),
            "2026-11-16": (4, 0, 12),
            "2026-11-23": (2, 0, 6),
        }
    finally:
        await database.close()
        await postgres.drop_database(database.url)


def _upgrade_to_first(connection: Connection) -> None:
    config = configuration("scorer")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "0001")


async def _weeks(database: Database) -> dict[str, tuple[int, ...]]:
    async with database.reading() as uow:
        rows = await uow.execute("SELECT week, detractors, passives, promoters FROM week_count")
        return {str(row[0]): tuple(row[1:]) for row in rows}
