"""The migrations and the metadata tell the same."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.alerts.models import metadata
from shared.db.database import Database


async def test_a_migrated_database_equals_the_metadata(database: Database) -> None:
    def compare(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    async with database.engine.connect() as connection:
        difference = [one for one in await connection.run_sync(compare) if "alembic_version" not in str(one)]
    assert difference == []


async def test_every_table_of_a_company_begins_its_key_with_the_tenant() -> None:
    kernel = {"position", "outbox", "tenant", "mail_stream", "retention_run"}
    assert {
        table.name: next(iter(table.primary_key.columns)).name
        for table in metadata.sorted_tables
        if table.name not in kernel and next(iter(table.primary_key.columns)).name != "tenant"
    } == {}
