"""Migrated databases that tests use one after another: each finds its own as the migrations leave it.

A copy of a template for each test costs more than most tests: the copy, new connections, which know no table and no
statement yet, and the drop.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import Clock, system_clock
from shared.db.database import Database

FIND_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'alembic_version'
    ORDER BY relname
"""
FIND_SEQUENCES = """
    SELECT sequencename AS name, coalesce(last_value, start_value) AS value, last_value IS NOT NULL AS is_called
    FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename
"""
DESCRIBE_SCHEMA = """
    WITH own AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    SELECT string_agg(part, ';' ORDER BY part)
    FROM (
        SELECT concat_ws(',', 'c', count(*), sum(hashtextextended(concat_ws(',', oid, relname, relacl), 0)))
        FROM own
        UNION ALL
        SELECT concat_ws(',', 'a', sum(hashtextextended(
            concat_ws(',', attrelid, attname, atttypid, atttypmod, attnotnull, atthasdef), 0)))
        FROM pg_attribute WHERE attrelid IN (SELECT oid FROM own) AND attnum > 0
        UNION ALL
        SELECT concat_ws(',', 't', sum(hashtextextended(concat_ws(',', oid, tgenabled), 0)))
        FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM own)
        UNION ALL
        SELECT concat_ws(',', 'o', sum(hashtextextended(concat_ws(',', oid, conname), 0)))
        FROM pg_constraint WHERE conrelid IN (SELECT oid FROM own)
        UNION ALL
        SELECT concat_ws(',', 'f', count(*), max(xmin::text))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws(',', 'v', version_num) FROM alembic_version
    ) AS parts (part)
"""
"""What a test may have changed of the tables themselves: a database whose schema changed is lent to nobody."""
COUNT_OTHERS = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) - 1
        + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class Server(Protocol):
    """Where databases are created and dropped."""

    async def copied_database(self, service: str) -> str:
        """The URL of a new copy of a migrated database."""

    async def drop_database(self, url: str) -> None:
        """Drop it now, even if it has connections."""


@dataclass(frozen=True, slots=True)
class _Lent:
    """A database with what it holds by its migrations alone."""

    database: Database
    schema: str
    rows: Mapping[str, str]
    """The rows of each table that has some, as JSON."""
    sequences: Mapping[str, tuple[int, bool]]
    """The value of each, and whether it was given to somebody."""
    find_filled: str
    """The statement that finds the tables which have rows."""


@dataclass(frozen=True, slots=True)
class LentDatabases:
    """Those of a server that no test has at the moment, by service."""

    server: Server
    _free: dict[str, list[_Lent]] = field(default_factory=dict)

    @asynccontextmanager
    async def lend(self, service: str, clock: Clock = system_clock) -> AsyncIterator[Database]:
        """An empty, migrated database for one test, with a pool of connections that a test before may have used."""
        free = self._free.setdefault(service, [])
        lent = (
            free.pop() if free else await _with_contents(Database(await self.server.copied_database(service)))
        )
        lent.database.clock = clock
        try:
            yield lent.database
        finally:
            if await _may_be_lent_again(lent):
                free.append(lent)
            else:
                await self._give_up(lent.database)

    async def close(self) -> None:
        """Drop those that are here."""
        for lent in [each for free in self._free.values() for each in free]:
            await self._give_up(lent.database)
        self._free.clear()

    async def _give_up(self, database: Database) -> None:
        await database.close()
        await self.server.drop_database(database.url)


async def _with_contents(database: Database) -> _Lent:
    async with database.engine.begin() as connection:
        tables = [row.relname for row in await _all(connection, FIND_TABLES)]
        find_filled = " UNION ALL ".join(
            f"SELECT '{table}' AS name WHERE EXISTS (SELECT FROM {table})" for table in tables
        )
        rows = {}
        for (table,) in await _all(connection, find_filled):
            ((rows[table],),) = await _all(connection, f"SELECT CAST(json_agg(t) AS text) FROM {table} t")
        sequences = {
            each.name: (each.value, each.is_called) for each in await _all(connection, FIND_SEQUENCES)
        }
        ((schema,),) = await _all(connection, DESCRIBE_SCHEMA)
    return _Lent(database, schema, rows, sequences, find_filled)


async def _may_be_lent_again(lent: _Lent) -> bool:
    try:
        return await _emptied(lent)
    except (SQLAlchemyError, OSError):  # it is stopped or dropped, or has rows that can only be added
        return False


async def _emptied(lent: _Lent) -> bool:
    """Let it hold again what it held at first; False: it cannot be lent again."""
    pool: Any = lent.database.engine.pool
    if pool.checkedout():
        return False
    async with lent.database.engine.begin() as connection:
        # Somebody who still has a connection of their own, or a lock, would harm the next test.
        ((others,),) = await _all(connection, COUNT_OTHERS)
        ((schema,),) = await _all(connection, DESCRIBE_SCHEMA)
        if others != pool.checkedin() or schema != lent.schema:
            return False
        if filled := [name for (name,) in await _all(connection, lent.find_filled)]:
            await connection.execute(text(f"TRUNCATE {', '.join(filled)} CASCADE"))
        for table, rows in lent.rows.items():
            values = {"rows": rows}
            await connection.execute(
                text(
                    f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
                ),
                values,
            )
        for each in await _all(connection, FIND_SEQUENCES):
            if (each.value, each.is_called) != (wanted := lent.sequences[each.name]):
                await connection.execute(
                    text("SELECT setval(CAST(:name AS regclass), :value, :is_called)"),
                    {"name": each.name, "value": wanted[0], "is_called": wanted[1]},
                )
    return True


async def _all(connection: AsyncConnection, sql: str) -> Any:
    return (await connection.execute(text(sql))).all()
