"""What a database of the version before holds means the same in the newest one."""

from datetime import datetime, timedelta
from uuid import UUID

import alembic.command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from support.dispatcher_builders import NOON, TENANT
from support.stack import Postgres

from shared.db.database import Database, UnitOfWork
from shared.db.migrations import configuration, migrate
from shared.ids import uuid7


async def test_the_first_day_of_a_survey_that_has_sent_mails_does_not_begin_anew(postgres: Postgres) -> None:
    """One that was started and has sent nothing but tests begins its day with its first mail."""
    database = Database(await postgres.create_database("dispatcher"), name="dispatcher-test")
    long_ago = NOON - timedelta(days=200)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade_to_the_one_before, "0042")
        async with database.transaction() as uow:
            sent, tested, counted = [await _survey(uow, long_ago) for _ in range(3)]
            unstarted = await _survey(uow, None)
            await _sent(uow, sent, test=False)
            await _sent(uow, tested, test=True)
            await _sent(uow, counted, test=False)
            await _sent(uow, unstarted, test=False)
            await uow.execute(
                "INSERT INTO first_day (tenant, survey_id, counts) VALUES (:tenant, :id, '{2, 1}')",
                {"tenant": TENANT, "id": counted},
            )
        await migrate("dispatcher", database.url)
        async with database.reading() as uow:
            rows = await uow.execute("SELECT survey_id, counts, began_at FROM first_day")
            found = {row.survey_id: (row.counts, row.began_at) for row in rows}
        assert found == {sent: ([], long_ago), counted: ([2, 1], long_ago)}
    finally:
        await database.close()
        await postgres.drop_database(database.url)


async def _survey(uow: UnitOfWork, first_live_at: datetime | None) -> UUID:
    id_ = uuid7()
    await uow.execute(
        """
        INSERT INTO survey (tenant, id, version, survey_version, name, trigger, delay_minutes, quarantine_days,
            link_days, max_age_days, place, state, created_at, changed_at, first_live_at)
        VALUES (:tenant, :id, 1, 1, 'a', 'b', 0, 0, 30, 14, 1, 'live', :noon, :noon, :first_live_at)
        """,
        {"tenant": TENANT, "id": id_, "noon": NOON, "first_live_at": first_live_at},
    )
    return id_


async def _sent(uow: UnitOfWork, survey_id: UUID, *, test: bool) -> None:
    await uow.execute(
        """
        INSERT INTO invitation (tenant, id, version, event_id, customer_id, survey_id, state, test, next_at,
            changed_at, body, sent_at)
        VALUES (:tenant, :id, 1, :id, 'c', :survey_id, 'sent', :test, :noon, :noon, '{}', :noon)
        """,
        {"tenant": TENANT, "id": uuid7(), "survey_id": survey_id, "test": test, "noon": NOON},
    )


def _upgrade_to_the_one_before(connection: Connection, revision: str) -> None:
    config = configuration("dispatcher")
    config.attributes["connection"] = connection
    before = ScriptDirectory.from_config(config).get_revision(revision).down_revision
    assert isinstance(before, str)
    alembic.command.upgrade(config, before)
