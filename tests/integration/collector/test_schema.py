"""The tables as the migrations make them."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from services.collector.models import metadata
from shared.events import Answer

from .conftest import Bench

CHECKS = {"ck_answer_score", "ck_answer_accepted"}


async def test_a_migrated_database_equals_the_metadata(bench: Bench) -> None:
    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with bench.context.database.engine.connect() as connection:
        assert await connection.run_sync(compare) == []


async def test_the_database_itself_refuses_an_impossible_answer(bench: Bench) -> None:
    """Alembic does not compare checks, so that they are there is seen here."""
    async with bench.context.database.engine.connect() as connection:
        found = await connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'c'"))
        assert set(found.scalars()) >= CHECKS
    declared = {constraint.name for constraint in metadata.tables["answer"].constraints}
    assert declared >= CHECKS


async def test_every_table_of_a_company_begins_with_the_tenant(bench: Bench) -> None:
    for table in metadata.tables.values():
        if table.name not in {"position", "outbox", "tenant", "retention_run", "pace"}:
            assert next(column.name for column in table.primary_key) == "tenant"


def test_a_row_keeps_every_field_of_an_answer() -> None:
    """A field without a column would be published by the first version alone. What is `held` in an event stands in
    the columns themselves.
    """
    assert set(Answer.__struct_fields__) - set(metadata.tables["answer"].columns.keys()) == {"held"}
