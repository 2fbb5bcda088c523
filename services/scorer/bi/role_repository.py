"""The roles themselves, as the server's superuser makes and drops them in the scorer's database."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from services.scorer.bi.domain import (
    MAX_CONNECTIONS,
    ROLE_PREFIX,
    ROLE_SETTINGS,
    NewBiRole,
    is_role,
    scram_verifier,
)

CONNECT_TIMEOUT_S = 10
SALT_BYTES = 16
# What everybody may call and could harm others with: large objects, and locks that migrations and loops hold.
FORBID_LARGE_OBJECTS_AND_LOCKS = """
    DO $$
    DECLARE
        called regprocedure;
        owner name := (SELECT rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
                       WHERE datname = current_database());
    BEGIN
        FOR called IN
            SELECT p.oid FROM pg_proc p
            WHERE pronamespace = 'pg_catalog'::regnamespace
                AND (proname LIKE 'lo\\_%' OR proname IN ('lowrite', 'loread', 'pg_notify')
                     OR proname LIKE 'pg\\_advisory%' OR proname LIKE 'pg\\_try\\_advisory%')
                AND has_function_privilege('public', p.oid, 'EXECUTE')
        LOOP
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', called);
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', called, owner);
        END LOOP;
    END $$
"""


FIND_ROLES = """
    SELECT r.rolname
    FROM pg_database d
    CROSS JOIN LATERAL aclexplode(d.datacl) AS given
    JOIN pg_roles r ON r.oid = given.grantee
    WHERE d.datname = current_database() AND starts_with(r.rolname, $1)
    ORDER BY r.rolname
"""


class NoServerAccess(Exception):
    """The superuser's address is missing or refused. The message says what to do."""


def as_superuser(url: str, password: str) -> str:
    """The address of a database as the superuser ``postgres`` signs in to it."""
    address = urlsplit(url)
    at = address.netloc.rpartition("@")[2]
    return urlunsplit(
        address._replace(scheme="postgresql", netloc=f"postgres:{quote(password, safe='')}@{at}")
    )


@asynccontextmanager
async def superuser(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the superuser, to the scorer's database.

    :raises NoServerAccess: when it is refused, or belongs to a role that may not make roles.
    """
    try:
        connection = await asyncpg.connect(
            url.replace("postgresql+asyncpg://", "postgresql://", 1), timeout=CONNECT_TIMEOUT_S
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError) as error:
        where = urlsplit(url).hostname or "the server"
        raise NoServerAccess(f"{where} refuses the superuser's connection: {type(error).__name__}.") from None
    try:
        if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            raise NoServerAccess("The address must be the superuser's: this role may not make roles.")
        yield connection
    finally:
        await connection.close()


async def create_role(connection: asyncpg.Connection, made: NewBiRole) -> None:
    """A role that may sign in to this database alone, read the views of ``bi``, and nothing else."""
    verifier = scram_verifier(made.password, secrets.token_bytes(SALT_BYTES))
    async with connection.transaction():
        await connection.execute(FORBID_LARGE_OBJECTS_AND_LOCKS)
        await connection.execute(
            f"CREATE ROLE {made.role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION "
            f"NOBYPASSRLS CONNECTION LIMIT {MAX_CONNECTIONS} PASSWORD '{verifier}'"
        )
        for name, value in ROLE_SETTINGS.items():
            await connection.execute(f"ALTER ROLE {made.role} SET {name} = '{value}'")
        await connection.execute(f"GRANT CONNECT ON DATABASE {await _database(connection)} TO {made.role}")


async def drop_role(connection: asyncpg.Connection, role: str) -> None:
    """Drop a role, and end its sessions; one that is gone already stays so."""
    if not is_role(role) or not await connection.fetchval(
        "SELECT true FROM pg_roles WHERE rolname = $1", role
    ):
        return
    await connection.execute(f"ALTER ROLE {role} NOLOGIN")
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role
    )
    await connection.execute(f"REVOKE ALL ON DATABASE {await _database(connection)} FROM {role}")
    await connection.execute(f"DROP ROLE {role}")


async def existing_roles(connection: asyncpg.Connection) -> list[str]:
    """The roles of companies that may sign in to this database, whether they stand for one or not."""
    rows = await connection.fetch(FIND_ROLES, ROLE_PREFIX)
    return [row["rolname"] for row in rows if is_role(row["rolname"])]


async def _database(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT quote_ident(current_database())"))
