"""The counts of who was asked, and of themes, in a database that was filled by the version before them."""

from datetime import date

import alembic.command
from sqlalchemy import Connection
from support.asked_model import from_rows
from support.scorer_builders import ACME, add_tenant
from support.stack import Postgres

from services.scorer.asked.noted_repository import count_noted
from services.scorer.asked.recount_repository import recount_asked
from services.scorer.asked.repository import count_asked
from services.scorer.repository.selection import Selection
from services.scorer.themes.count_repository import recount_themes
from services.scorer.windows import Window
from shared.db.database import Database
from shared.db.migrations import configuration, migrate

INVITED = """
    INSERT INTO invitation (tenant, id, version, measurement, test, segments, sent_at, state, channel, expires_at)
    SELECT 'acme', CAST(lpad(to_hex(n), 32, '0') AS uuid), 2, 'transactional', n % 7 = 0,
        ARRAY['store:' || n % 3], CASE WHEN n % 5 > 0 THEN timestamptz '2026-11-01 22:30Z' + n * interval '1 hour' END,
        CASE WHEN n % 4 = 0 THEN 'bounced' ELSE 'sent' END, (ARRAY['mail', 'sms', 'link', NULL])[1 + n % 4],
        CASE WHEN n % 2 = 0 THEN timestamptz '2026-12-01 12:00Z' + n * interval '1 hour' END
    FROM generate_series(1, 60) AS n
"""
ANSWERED = """
    INSERT INTO answer (tenant, id, version, score, measurement, day, segments, comment, themes, theme_version,
        origin, changed_at, heard_at)
    SELECT 'acme', CAST(lpad(to_hex(n), 32, '0') AS uuid), 1, CASE WHEN n % 8 > 0 THEN n % 11 END, 'transactional',
        date '2026-11-03', ARRAY['store:' || n % 3], CASE n % 3 WHEN 0 THEN 'Late' WHEN 1 THEN '' END,
        CASE WHEN n % 6 = 0 THEN ARRAY['delivery'] WHEN n % 3 = 0 THEN CAST('{}' AS text[]) END, 1, 'survey', now(), now()
    FROM generate_series(1, 90, 2) AS n
"""
WINDOW = Window.ending(date(2026, 11, 30), 60)


def _upgrade_to_the_version_before(connection: Connection) -> None:
    config = configuration("scorer")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "0021")


async def test_what_the_version_before_kept_is_counted_and_what_it_keeps_meanwhile_is_noted(
    postgres: Postgres,
) -> None:
    database = Database(await postgres.create_database("scorer"), name="scorer-test")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade_to_the_version_before)
        await add_tenant(database)
        async with database.transaction() as uow:
            await uow.execute(INVITED)
            await uow.execute(ANSWERED)
        await migrate("scorer", database.url)
        async with database.transaction() as uow:
            assert await recount_asked(uow, "acme") == await recount_themes(uow, "acme") == []
            assert await count_noted(uow) == 0
            selection = Selection("acme")
            of_rows, _ = await from_rows(uow, selection, WINDOW, ACME.time_zone)
            asked = await count_asked(uow, selection, "transactional", WINDOW)
            assert asked == of_rows[0]
            assert min(asked.asked, asked.opened, asked.answered, asked.groups.promoters) > 0
            # It knows nothing of the columns that are new.
            await uow.execute("UPDATE answer SET score = 10, comment = 'Late', themes = '{delivery}'")
            assert await recount_asked(uow, "acme") == await recount_themes(uow, "acme") == []
            assert await count_noted(uow) > 0
            of_rows, _ = await from_rows(uow, selection, WINDOW, ACME.time_zone)
            asked = await count_asked(uow, selection, "transactional", WINDOW)
            assert asked == of_rows[0]
            assert asked.answered == asked.groups.promoters
    finally:
        await database.close()
        await postgres.drop_database(database.url)
