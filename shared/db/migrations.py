"""Migrations: one Alembic history per service, safe when several processes start at once."""

import importlib
from pathlib import Path

import alembic.command
from alembic import context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.database import new_engine

_ONE_AT_A_TIME = 7_431_001
"""Advisory lock: the second one waits, then finds nothing to do."""


def configuration(service: str) -> Config:
    """Where a service keeps its history."""
    package = importlib.import_module(f"services.{service}")
    config = Config()
    config.set_main_option("script_location", str(Path(str(package.__file__)).parent / "migrations"))
    return config


async def migrate(service: str, url: str) -> None:
    """Bring the service's database to the newest revision."""
    engine: AsyncEngine = new_engine(url, name=f"{service}-migrate", pool_size=None)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, service)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, service: str) -> None:
    config = configuration(service)
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def run(metadata: MetaData) -> None:
    """What each service's ``migrations/env.py`` calls."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()
    connection.commit()
