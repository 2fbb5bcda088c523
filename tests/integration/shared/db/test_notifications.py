"""LISTEN and NOTIFY, against the real database: a loop wakes at once, and a lost notification only delays it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import MetaData, text
from support.eventually import eventually
from support.kernel_service import Thing, running, thing_topic
from support.stack import Postgres

from shared.db.database import OUTBOX_CHANNEL, Database, new_engine
from shared.db.notifications import CHANGES_CHANNEL, ChangeListener, listen
from shared.db.tables import kernel_tables

END_CHANNEL = "the_end"
SOON_S = 4.0
"""Less than ``KEEPALIVE_INTERVAL_S``, after which a broken connection is found in any case."""


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
    """The channels of the notifications, as they come."""
    heard: list[str] = []
    engine = new_engine(database.url, name="listener", pool_size=None)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for channel in (OUTBOX_CHANNEL, CHANGES_CHANNEL, END_CHANNEL):
            await listen(connection, channel, wake=partial(heard.append, channel), ended=lambda: None)
        yield heard
    await engine.dispose()


def thing(name: str) -> Thing:
    return Thing(id=name, version=1, colour="red")


async def notify(database: Database, tenant: str = "acme") -> None:
    async with database.transaction() as uow:
        uow.notify(CHANGES_CHANNEL, tenant)


async def until_notified(database: Database, notifications: list[str]) -> list[str]:
    """What comes before a notification that is sent now."""
    async with database.transaction() as uow:
        uow.notify(END_CHANNEL)
    await eventually(lambda: notifications[-1:] == [END_CHANNEL])
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
async def connected(database: Database) -> AsyncIterator[tuple[ChangeListener, asyncio.Event]]:
    """A listener that is connected, and an event that it sets and that is clear."""
    listener, wake = ChangeListener(database), asyncio.Event()
    with listener.waking(wake):
        async with running(listener):
            await until_woken(wake)
            yield listener, wake


async def until_woken(wake: asyncio.Event) -> None:
    await asyncio.wait_for(wake.wait(), SOON_S)
    wake.clear()


async def sessions(database: Database) -> int:
    """How many sessions of a listener there are."""
    async with database.reading() as uow:
        found = await uow.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test-listener' "
            "AND datname = current_database()"
        )
        return int(found.scalar_one())


async def test_every_loop_is_woken_by_each_change(database: Database) -> None:
    async with connected(database) as (listener, first):
        second = asyncio.Event()
        with listener.waking(second):
            for _ in range(2):
                await notify(database)
                await until_woken(first)
                await until_woken(second)
        await notify(database)
        await until_woken(first)
        assert not second.is_set()


async def test_after_a_broken_connection_loops_are_woken_and_changes_come_again(database: Database) -> None:
    async with connected(database) as (_, wake):
        async with database.engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'test-listener'"
                )
            )
        await until_woken(wake)
        await notify(database)
        await until_woken(wake)


async def test_nobody_connects_before_there_is_a_loop_to_wake(database: Database) -> None:
    listener, wake = ChangeListener(database), asyncio.Event()
    async with running(listener):
        # Each look takes longer than a connection would.
        assert [await sessions(database) for _ in range(20)] == [0] * 20
        with listener.waking(wake):
            await until_woken(wake)
            assert await sessions(database) == 1
