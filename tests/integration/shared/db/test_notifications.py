"""LISTEN and NOTIFY, against the real database: a loop wakes at once, and a lost notification only delays it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import MetaData, text
from support.eventually import eventually
from support.kernel_service import Thing, running, thing_topic
from support.stack import Postgres

from shared.db.database import OUTBOX_CHANNEL, Database, new_engine
from shared.db.notifications import CHANGES_CHANNEL, ChangeListener, listen
from shared.db.tables import kernel_tables

SOON_S = 4.0
"""Less than any timeout that the tests wait with."""


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    database = Database(await postgres.create_database("scorer"), name="test")
    metadata = MetaData()
    kernel_tables(metadata)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def notifications(database: Database) -> AsyncIterator[list[str]]:
    """The channel of each notification on either channel, as they come."""
    heard: list[str] = []
    engine = new_engine(database.url, name="listener", pool_size=None)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for channel in (OUTBOX_CHANNEL, CHANGES_CHANNEL):
            await listen(
                connection, channel, wake=lambda channel=channel: heard.append(channel), ended=lambda: None
            )
        yield heard
    await engine.dispose()


def thing(name: str) -> Thing:
    return Thing(id=name, version=1, colour="red")


async def notify(database: Database, tenant: str = "acme") -> None:
    async with database.transaction() as uow:
        uow.notify(CHANGES_CHANNEL, tenant)


async def until_notified(database: Database, notifications: list[str]) -> list[str]:
    """What came before a notification that is sent now."""
    await notify(database, "last")
    await eventually(lambda: notifications[-1:] == [CHANGES_CHANNEL])
    return notifications[:-1]


async def test_a_transaction_notifies_once_however_much_it_publishes(
    database: Database, notifications: list[str]
) -> None:
    async with database.transaction() as uow:
        for n in range(20):
            uow.publish(thing_topic("things.v1"), "acme", thing(f"t{n}"))
    assert await until_notified(database, notifications) == [OUTBOX_CHANNEL]


async def test_equal_payloads_are_notified_once_and_with_the_outbox(
    database: Database, notifications: list[str]
) -> None:
    async with database.transaction() as uow:
        uow.publish(thing_topic("things.v1"), "acme", thing("t"))
        for tenant in ("acme", "acme", "globex"):
            uow.notify(CHANGES_CHANNEL, tenant)
    assert sorted(await until_notified(database, notifications)) == [
        CHANGES_CHANNEL,
        CHANGES_CHANNEL,
        OUTBOX_CHANNEL,
    ]


async def test_a_rollback_notifies_no_listener(database: Database, notifications: list[str]) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  (the failure ends the block)
        async with database.transaction() as uow:
            uow.publish(thing_topic("things.v1"), "acme", thing("t"))
            raise RuntimeError
    async with database.transaction() as uow:
        with pytest.raises(RuntimeError):  # noqa: PT012
            async with uow.savepoint():
                uow.notify(CHANGES_CHANNEL, "acme")
                raise RuntimeError
    assert await until_notified(database, notifications) == []


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[ChangeListener]:
    """A listener that is connected, of which this task has had all notifications."""
    listener = ChangeListener(database)
    await listener.wait(60)  # the first returns at once
    async with running(listener):
        assert await seconds_of(listener.wait(60)) < SOON_S
        yield listener


async def test_a_waiting_loop_is_woken_by_a_change(database: Database) -> None:
    async with connected(database) as listener:
        asyncio.get_running_loop().call_later(0.2, lambda: asyncio.ensure_future(notify(database)))
        assert 0.2 <= await seconds_of(listener.wait(60)) < SOON_S


async def test_a_change_between_two_waits_is_not_missed(database: Database) -> None:
    async with connected(database) as listener:
        await notify(database)
        await asyncio.sleep(0.5)
        assert await seconds_of(listener.wait(60)) < 0.1
        assert await seconds_of(listener.wait(0.2)) >= 0.2


async def test_every_waiting_loop_is_woken(database: Database) -> None:
    async with connected(database) as listener:

        async def loop() -> None:
            await listener.wait(60)
            await listener.wait(60)

        loops = [asyncio.create_task(loop()) for _ in range(3)]
        await asyncio.sleep(0.2)
        await notify(database)
        await asyncio.wait_for(asyncio.gather(*loops), SOON_S)


async def test_after_a_broken_connection_loops_are_woken_and_changes_come_again(database: Database) -> None:
    async with connected(database) as listener:
        async with database.engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'test-listener'"
                )
            )
        assert await seconds_of(listener.wait(60)) < SOON_S
        await notify(database)
        assert await seconds_of(listener.wait(60)) < SOON_S


async def seconds_of(waiting: Awaitable[None]) -> float:
    """How long it took. In the same task: a listener tells tasks apart."""
    began = time.monotonic()
    await waiting
    return time.monotonic() - began
