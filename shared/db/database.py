"""A service's own database: each change and all that it says to others is one transaction."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.clock import Clock, system_clock
from shared.errors import Unprocessable
from shared.events import Topic
from shared.events.envelope import D
from shared.limits import MAX_EVENT_BYTES

_sql = lru_cache(maxsize=2_000)(text)


@dataclass
class UnitOfWork:
    """One transaction. Inner functions take it first; only the edge that opened it commits."""

    connection: AsyncConnection
    now: datetime
    _pending: list[tuple[str, bytes | None, bytes | None, bytes | None]] = field(default_factory=list)

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run one statement. Casts are written CAST(:x AS type): ``:x::type`` hides the parameter."""
        return await self.connection.execute(statement(sql), values or {})

    def publish(self, topic: Topic[D], tenant: str, data: D) -> None:
        """Say that this is how the thing stands now, if and when the transaction commits.

        :raises Unprocessable: when it is larger than a topic takes.
        """
        event = topic.event(tenant, data, self.now)
        value = topic.encode(event)
        if len(value) > MAX_EVENT_BYTES:
            raise Unprocessable(f"an event of {len(value)} bytes is more than a topic takes")
        self._pending.append((topic.name, topic.record_key(event), value, None))

    def add_dead_letter(self, topic: str, key: bytes | None, value: bytes | None, headers: bytes) -> None:
        """Write a dead letter: original bytes, place and reason."""
        self._pending.append((topic, key, value, headers))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Take back rows and words alike when the block fails."""
        pending = len(self._pending)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            del self._pending[pending:]
            raise

    async def flush(self) -> bool:
        """Write what was pending to the outbox; True if there was anything."""
        if not self._pending:
            return False
        topics, keys, values, headers = zip(*self._pending, strict=True)
        await self.execute(
            "INSERT INTO outbox (topic, key, value, headers) SELECT * FROM unnest("
            "CAST(:topics AS text[]), CAST(:keys AS bytea[]), "
            "CAST(:values AS bytea[]), CAST(:headers AS bytea[]))",
            {"topics": list(topics), "keys": list(keys), "values": list(values), "headers": list(headers)},
        )
        self._pending.clear()
        return True


class Database:
    """The service's engine, its clock, and the bell that tells the relay of new rows."""

    def __init__(
        self,
        url: str,
        *,
        name: str = "afterword",
        pool_size: int = 8,
        pool_seconds: float = 10,
        clock: Clock = system_clock,
    ) -> None:
        """``pool_seconds``: how long who needs a connection waits while all are in use."""
        self.url = url
        self.name = name
        self.clock = clock
        self.outbox_filled = asyncio.Event()
        self.engine = new_engine(url, name=name, pool_size=pool_size, pool_seconds=pool_seconds)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """BEGIN, the block, the outbox, COMMIT; anything raised rolls all of it back."""
        async with self.engine.begin() as connection:
            uow = UnitOfWork(connection, self.clock())
            yield uow
            pending = await uow.flush()
        if pending:
            self.outbox_filled.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """One consistent look; nothing that is written or pending in it stays."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield UnitOfWork(connection, self.clock())

    async def close(self) -> None:
        """Give the connections back."""
        await self.engine.dispose()


def statement(sql: str) -> TextClause:
    """A statement, parsed once for each text."""
    return _sql(sql)


def new_engine(
    url: str, *, name: str, pool_size: int | None, pool_seconds: float = 10, deadline: float | None = 40
) -> AsyncEngine:
    """An engine on which nothing waits for ever; ``pool_size`` None keeps no connection.

    ``deadline``: seconds that the client waits for a statement; None only for what may take long.
    """
    limits: dict[str, Any] = (
        {"poolclass": NullPool}
        if pool_size is None
        else {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": pool_seconds}
    )
    return create_async_engine(
        url,
        connect_args={
            "timeout": 5,
            "command_timeout": deadline,
            "server_settings": {
                "application_name": name,
                "jit": "off",
                "timezone": "UTC",
                "statement_timeout": "30s",
                "lock_timeout": "5s",
                # A frozen owner must not keep a position's row from its successor.
                "idle_in_transaction_session_timeout": "10s",
                # The default is of disks that turn: a month of ten million rows would be read by reading all.
                "random_page_cost": "1.1",
            },
        },
        **limits,
    )
