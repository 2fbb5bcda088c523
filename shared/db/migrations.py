"""Migrations: one Alembic history for each service, safe when several processes start at once."""

import alembic.command
from alembic import context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.database import new_engine
from shared.db.schema_check import migrations_folder, schema_fault

_MIGRATION_LOCK = 7_431_001
"""Number of an advisory lock: a second migration waits for it, and then finds nothing to do."""


def configuration(service: str) -> Config:
    """Alembic's configuration for a service."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder(service)))
    return config


async def migrate(service: str, url: str) -> None:
    """Migrate the service's database to the newest revision.

    :raises NewerDatabase: when this code does not know its revision; nothing is changed.
    """
    engine: AsyncEngine = new_engine(url, name=f"{service}-migrate", pool_size=None, deadline=None)
    try:
        async with engine.connect() as connection:
            await schema_fault(service, connection)
            await connection.rollback()
            await connection.run_sync(_upgrade, service)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, service: str) -> None:
    config = configuration(service)
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def run(metadata: MetaData) -> None:
    """Run the migrations: each service's ``migrations/env.py`` calls it."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        # Filling a column takes as long as there is data; waiting for a lock may not.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        context.run_migrations()
    connection.commit()
