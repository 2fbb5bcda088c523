"""Records the statements of a run and replays them on a new database without our code: the database's limit."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import event

from shared.db.database import Database

Statement = tuple[str, Sequence[Any]]
Transaction = list[Statement]


@contextmanager
def recording(database: Database) -> Iterator[list[Transaction]]:
    """A list that gets every transaction that commits on this engine, with its savepoints.

    One at a time: the consumer that is measured uses one connection.
    """
    transactions: list[Transaction] = []
    current: Transaction = []
    engine = database.engine.sync_engine

    def execute(_c: Any, _cursor: Any, statement: str, values: Sequence[Any], _x: Any, _many: bool) -> None:
        current.append((statement, tuple(values)))

    def commit(_c: Any) -> None:
        if current:
            transactions.append(current.copy())
        current.clear()

    def rollback(_c: Any) -> None:
        current.clear()

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": execute,
        "commit": commit,
        "rollback": rollback,
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield transactions
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


async def replay(url: str, transactions: Sequence[Transaction]) -> float:
    """Seconds that the database takes for them, on one connection with prepared statements."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), server_settings={"jit": "off"})
    try:
        began = time.monotonic()
        for transaction in transactions:
            async with connection.transaction():
                for statement, values in transaction:
                    if values:
                        await connection.fetch(statement, *values)
                    else:
                        await connection.execute(statement)
        return time.monotonic() - began
    finally:
        await connection.close()
