"""One role and one database of the same name for each service, on any PostgreSQL server."""

from collections.abc import Mapping

import asyncpg

DATABASE_LOCALE = "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"


async def create_databases(connection: asyncpg.Connection, passwords: Mapping[str, str]) -> None:
    """Make what is missing, as the superuser; each role gets its password, and only its own database.

    A password is of letters, digits, - and _: it needs no quoting.
    """
    await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    for service, password in passwords.items():
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", service):
            await connection.execute(f"CREATE ROLE {service}")
        await connection.execute(f"ALTER ROLE {service} LOGIN PASSWORD '{password}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", service):
            await create_database(connection, service, owner=service)


async def create_database(
    connection: asyncpg.Connection, name: str, *, owner: str, template: str = "template0"
) -> None:
    """A database that nobody but its owner may connect to. The names are our own, not input.

    It sorts by code point on every server, whatever that server's own language is.
    """
    await connection.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE {template} {DATABASE_LOCALE}")
    await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
