"""Every example of every event goes through every subscriber's handler, and the second time changes nothing."""

import importlib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from support.http_clients import a_context, environment_of
from support.stack import Postgres

from shared import events
from shared.db.migrations import migrate
from shared.service import Service

SERVICES = ("trigger", "dispatcher", "collector", "scorer", "alerts")
EXAMPLES = Path(events.__file__).parent / "examples"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dispatcher's handlers take the secret of their hashes from the environment."""
    for name, value in environment_of().items():
        monkeypatch.setenv(name, value)


def a_service(name: str) -> Service:
    service: Service = importlib.import_module(f"services.{name}.app").SERVICE
    return service


@pytest.mark.parametrize("name", SERVICES)
async def test_every_example_is_handled_and_the_second_time_nothing_is_said(
    name: str, postgres: Postgres
) -> None:
    service = a_service(name)
    context = await a_context(service, postgres)
    try:
        said = []
        for _ in range(2):
            for subscription in service.consumed(context):
                for path in sorted((EXAMPLES / subscription.topic.name).glob("*.json")):
                    async with context.database.transaction() as uow:
                        await subscription.handle(uow, [subscription.topic.decode(path.read_bytes())])
            async with context.database.reading() as uow:
                said.append((await uow.execute("SELECT count(*) FROM outbox")).scalar_one())
        assert said[0] == said[1]
    finally:
        await context.database.close()


@pytest.mark.parametrize("name", SERVICES)
async def test_all_examples_of_a_topic_may_come_in_one_batch(name: str, postgres: Postgres) -> None:
    service = a_service(name)
    context = await a_context(service, postgres)
    try:
        for subscription in service.consumed(context):
            topic = subscription.topic
            batch = [topic.decode(path.read_bytes()) for path in (EXAMPLES / topic.name).glob("*.json")]
            batch.sort(
                key=lambda event: (event.tenant, topic.identity(event.data), topic.version(event.data))
            )
            async with context.database.transaction() as uow:
                await subscription.handle(uow, batch)
    finally:
        await context.database.close()


@pytest.mark.parametrize("name", SERVICES)
async def test_every_example_is_taken_back_and_settled_once_and_can_be_said_again(
    name: str, postgres: Postgres
) -> None:
    service = a_service(name)
    context = await a_context(service, postgres)
    recovery = service.restored(context)
    try:
        said = []
        for _ in range(2):
            for subscription in recovery.reads:
                for path in sorted((EXAMPLES / subscription.topic.name).glob("*.json")):
                    async with context.database.transaction() as uow:
                        await subscription.handle(uow, [subscription.topic.decode(path.read_bytes())])
            if recovery.settle is not None:
                async with context.database.transaction() as uow:
                    await recovery.settle(uow, 100)
                    assert await recovery.settle(uow, 100) == 0
            async with context.database.reading() as uow:
                said.append((await uow.execute("SELECT count(*) FROM outbox")).scalar_one())
        assert said[0] == said[1]
        for owned in recovery.owned:
            topic = owned.topic
            examples = [topic.decode(path.read_bytes()) for path in (EXAMPLES / topic.name).glob("*.json")]
            again, after, at_end = set(), None, False
            while not at_end:
                async with context.database.transaction() as uow:
                    things, after = await owned.page(uow, after, 1)
                again |= {(tenant, topic.identity(thing)) for tenant, thing in things}
                at_end = after is None
            assert again == {(event.tenant, topic.identity(event.data)) for event in examples}
    finally:
        await context.database.close()


@pytest.mark.parametrize("name", SERVICES)
async def test_the_migrated_database_is_what_the_models_say(name: str, postgres: Postgres) -> None:
    service = a_service(name)
    context = await a_context(service, postgres)
    await migrate(name, context.database.url)  # and a second start finds nothing to do
    try:
        async with context.database.engine.connect() as connection:
            difference = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync), service.metadata)
            )
        assert [change for change in difference if "alembic_version" not in str(change)] == []
    finally:
        await context.database.close()
