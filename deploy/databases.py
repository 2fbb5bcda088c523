"""Creates one role and one database of the same name for each service, on any PostgreSQL server."""

from collections.abc import Mapping
from typing import Literal

import asyncpg

DATABASE_LOCALE = "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"


async def create_databases(connection: asyncpg.Connection, passwords: Mapping[str, str]) -> None:
    """Create what is missing, as the superuser. Each role gets its password and access to its own database.

    A password consists of letters, digits, - and _, so it needs no quoting.
    """
    await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    for service, password in passwords.items():
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", service):
            await connection.execute(f"CREATE ROLE {service}")
        await connection.execute(f"ALTER ROLE {service} LOGIN PASSWORD '{password}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", service):
            await create_database(connection, service, owner=service)


async def create_database(
    connection: asyncpg.Connection,
    name: str,
    *,
    owner: str,
    template: str = "template0",
    strategy: Literal["WAL_LOG", "FILE_COPY"] = "WAL_LOG",
) -> None:
    """Create a database to which only its owner may connect. The names are constants, not input.

    It sorts by code point on every server, whatever the server's own locale is.

    :param strategy: how the template is copied; by file is faster where a checkpoint costs nothing.
    """
    await connection.execute(
        f"CREATE DATABASE {name} OWNER {owner} TEMPLATE {template} STRATEGY {strategy} {DATABASE_LOCALE}"
    )
    await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
