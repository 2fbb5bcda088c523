"""A database that ends says so on every connection before it closes it; who asks in between is not to blame."""

from typing import Any

import pytest
from sqlalchemy.exc import InternalError
from sqlalchemy.ext.asyncio import AsyncConnection
from support.kernel_service import Thing, thing_topic
from support.stack import Postgres

from shared.db.database import Database, UnitOfWork
from shared.errors import is_unavailable
from shared.kafka.kernel.handling import Subscription, UnhandledRecords, handle

FIELDS = b"SFATAL\0VFATAL\0C57P02\0Mterminating connection because of crash\0\0"
LAST_WORDS = b"E" + (len(FIELDS) + 4).to_bytes(4, "big") + FIELDS


async def hear_last_words(connection: AsyncConnection) -> None:
    """As when the words have arrived and the end of the connection is still to be read."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    raw._protocol.data_received(LAST_WORDS)


async def test_an_event_is_no_dead_letter_when_the_database_shuts_down(postgres: Postgres) -> None:
    database = Database(await postgres.create_database("dispatcher"))

    async def ask(uow: UnitOfWork, _: object) -> None:
        await hear_last_words(uow.connection)
        await uow.execute("SELECT 1")

    bad: UnhandledRecords = {}
    topic = thing_topic("thing.v1")
    event = topic.event("demo", Thing(id="a", version=1, colour="red"), database.clock())

    async def hear() -> None:
        async with database.transaction() as uow:
            await handle(uow, Subscription(topic, ask), [((0, 0), event)], bad)

    with pytest.raises(InternalError, match="another operation") as heard:
        await hear()
    assert (bad, is_unavailable(heard.value)) == ({}, True)
    async with database.reading() as uow:
        assert (await uow.execute("SELECT 1")).scalar_one() == 1
    await database.close()
