"""A database with another revision is reported, and waited for or refused; clocks that differ are reported."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from support.eventually import eventually
from support.kernel_service import running
from support.stack import Postgres

from shared.clock import system_clock
from shared.db import schema_check as schema_module
from shared.db.database import Database
from shared.db.migrations import migrate
from shared.db.schema_check import NewerDatabase, SchemaCheck, revisions
from shared.health import Health

NEWEST = revisions("dispatcher")[-1]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_module, "CHECK_INTERVAL_S", 0.05)
    monkeypatch.setattr(schema_module, "FIRST_CHECK_INTERVAL_S", 0.05)


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    database = Database(await postgres.migrated_database("dispatcher"))
    yield database
    await database.close()


async def put_at(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})


async def said(schema: SchemaCheck, *words: str) -> None:
    await eventually(lambda: all(word in "".join(schema.health.unready()) for word in words))


async def test_an_older_database_is_waited_for_and_reported(database: Database) -> None:
    await put_at(database, "0001")
    schema = SchemaCheck(database, "dispatcher", Health())
    async with running(schema):
        await said(schema, "at revision 0001", f"needs {NEWEST}", "afterword migrate dispatcher")
        assert not schema.ready.is_set()
        await put_at(database, NEWEST)
        await eventually(schema.ready.is_set)
        assert schema.health.unready() == []


async def test_an_empty_database_is_migrated_while_we_wait(postgres: Postgres) -> None:
    url = await postgres.create_database("dispatcher")
    schema = SchemaCheck(Database(url), "dispatcher", Health())
    try:
        async with running(schema):
            await said(schema, "no tables yet", "afterword migrate dispatcher")
            await migrate("dispatcher", url)
            await eventually(schema.ready.is_set)
    finally:
        await schema.database.close()


async def test_a_newer_database_is_refused_with_a_sentence_and_not_changed(database: Database) -> None:
    await put_at(database, "9999")
    with pytest.raises(NewerDatabase, match="9999"):
        await SchemaCheck(database, "dispatcher", Health()).run(asyncio.Event())
    with pytest.raises(NewerDatabase, match="nothing was changed"):
        await migrate("dispatcher", database.url)
    async with database.reading() as uow:
        assert (await uow.execute("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


async def test_a_running_process_goes_on_while_a_newer_version_migrates(database: Database) -> None:
    schema = SchemaCheck(database, "dispatcher", Health())
    async with running(schema):
        await eventually(schema.ready.is_set)
        await put_at(database, "9999")
        seen = schema.health._ticks["database"]
        await eventually(lambda: schema.health._ticks["database"] > seen + 0.2)
        assert schema.health.unready() == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (":wrong@127", "refuses the password"),
        ("/nowhere", "no such database"),
        ("@127.0.0.1:9/", "nobody listens"),
        ("@nowhere.invalid:5432/", "no machine of that name"),
    ],
)
async def test_a_wrong_address_of_the_database_is_reported_with_a_remedy(
    database: Database, wrong: str, why: str
) -> None:
    before, password, host, name = _parts(database.url)
    if wrong.startswith(":"):
        password = "wrong"
    elif wrong.startswith("/"):
        name = "nowhere"
    else:
        host = wrong.strip("@/")
    schema = SchemaCheck(Database(f"{before}:{password}@{host}/{name}"), "dispatcher", Health())
    try:
        async with running(schema):
            await said(schema, why)
            assert password not in "".join(schema.health.unready()) or password == "wrong"
    finally:
        await schema.database.close()


def _parts(url: str) -> tuple[str, str, str, str]:
    start, _, place = url.rpartition("@")
    before, _, password = start.rpartition(":")
    host, _, name = place.partition("/")
    return before, password, host, name


@pytest.mark.parametrize(("seconds", "said_"), [(60, "60 s ahead of"), (-60, "60 s behind"), (0, "")])
async def test_a_clock_that_differs_is_a_warning_and_stops_nothing(
    database: Database, seconds: int, said_: str
) -> None:
    own = Database(database.url, clock=lambda: system_clock() + timedelta(seconds=seconds))
    schema = SchemaCheck(own, "dispatcher", Health())
    try:
        async with running(schema):
            await eventually(schema.ready.is_set)
            noted = "".join(schema.health.warnings())
            assert said_ in noted
            assert bool(noted) == bool(said_)
            assert schema.health.unready() == []
    finally:
        await own.close()
