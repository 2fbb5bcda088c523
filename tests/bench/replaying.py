"""What a run told its database, recorded, and told again to a new one without us: the database's own limit."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import event

from shared.db.database import Database

Statement = tuple[str, Sequence[Any]]
Transaction = list[Statement]


@contextmanager
def recording(database: Database) -> Iterator[list[Transaction]]:
    """Every transaction that is committed on this engine from now on, with its savepoints.

    One at a time: the consumer that is measured has one connection in use.
    """
    told: list[Transaction] = []
    current: Transaction = []
    engine = database.engine.sync_engine

    def execute(_c: Any, _cursor: Any, statement: str, values: Sequence[Any], _x: Any, _many: bool) -> None:
        current.append((statement, tuple(values)))

    def commit(_c: Any) -> None:
        if current:
            told.append(current.copy())
        current.clear()

    def rollback(_c: Any) -> None:
        current.clear()

    heard = {
        "before_cursor_execute": execute,
        "commit": commit,
        "rollback": rollback,
    }
    for name, hear in heard.items():
        event.listen(engine, name, hear)
    try:
        yield told
    finally:
        for name, hear in heard.items():
            event.remove(engine, name, hear)


async def replay(url: str, told: Sequence[Transaction]) -> float:
    """Seconds that the database takes for them, by one bare connection with prepared statements."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), server_settings={"jit": "off"})
    try:
        began = time.monotonic()
        for transaction in told:
            async with connection.transaction():
                for statement, values in transaction:
                    if values:
                        await connection.fetch(statement, *values)
                    else:
                        await connection.execute(statement)
        return time.monotonic() - began
    finally:
        await connection.close()
