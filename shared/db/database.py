"""A service's own database: a change, and all that it publishes, are one transaction."""

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

OUTBOX_CHANNEL = "outbox"
"""Notified once by every transaction that fills the outbox; the relay listens to it."""

FILL_OUTBOX = """
    WITH filled AS (
        INSERT INTO outbox (topic, key, value, headers)
        SELECT * FROM unnest(
            CAST(:topics AS text[]), CAST(:keys AS bytea[]),
            CAST(:values AS bytea[]), CAST(:headers AS bytea[])
        )
    )
    SELECT pg_notify(channel, payload)
    FROM unnest(CAST(:channels AS text[]), CAST(:payloads AS text[])) AS n(channel, payload)
"""

_OutboxRow = tuple[str, bytes | None, bytes | None, bytes | None]
"""Topic, key, value and encoded headers."""


@dataclass
class UnitOfWork:
    """One transaction. Functions take it as their first argument; only the code that opened it commits."""

    connection: AsyncConnection
    now: datetime
    _outbox_rows: list[_OutboxRow] = field(default_factory=list)
    _notifications: list[tuple[str, str]] = field(default_factory=list)

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run one statement. Casts are written CAST(:x AS type): ``:x::type`` hides the parameter."""
        return await self.connection.execute(statement(sql), values or {})

    def publish(self, topic: Topic[D], tenant: str, data: D) -> None:
        """Publish the present state of a thing, if and when the transaction commits.

        :raises Unprocessable: when the event is larger than a topic takes.
        """
        event = topic.event(tenant, data, self.now)
        value = topic.encode(event)
        if len(value) > MAX_EVENT_BYTES:
            raise Unprocessable(f"an event of {len(value)} bytes is more than a topic takes")
        self._outbox_rows.append((topic.name, topic.record_key(event), value, None))

    def publish_encoded(self, topic: str, key: bytes, value: bytes) -> None:
        """Publish an event that was encoded before, and is not larger than a topic takes."""
        self._outbox_rows.append((topic, key, value, None))

    def publish_tombstone(self, topic: str, key: bytes) -> None:
        """Erase, if and when the transaction commits, what was published under this key."""
        self._outbox_rows.append((topic, key, None, None))

    def add_dead_letter(self, topic: str, key: bytes | None, value: bytes | None, headers: bytes) -> None:
        """Publish a dead letter with its original bytes, if and when the transaction commits."""
        self._outbox_rows.append((topic, key, value, headers))

    def notify(self, channel: str, payload: str = "") -> None:
        """Notify the listeners of a channel when the transaction commits, once for equal payloads.

        PostgreSQL lets transactions that notify commit one after another: call it only where a loop waits.
        """
        self._notifications.append((channel, payload))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo the statements of the block, and what it published and notified, when it fails."""
        rows, notifications = len(self._outbox_rows), len(self._notifications)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            del self._outbox_rows[rows:]
            del self._notifications[notifications:]
            raise

    async def flush(self) -> None:
        """Write what was published to the outbox, and notify."""
        if self._outbox_rows:
            self.notify(OUTBOX_CHANNEL)
        if not self._notifications:
            return
        topics, keys, values, headers = (
            zip(*self._outbox_rows, strict=True) if self._outbox_rows else ((),) * 4
        )
        channels, payloads = zip(*dict.fromkeys(self._notifications), strict=True)
        await self.execute(
            FILL_OUTBOX,
            {
                "topics": list(topics),
                "keys": list(keys),
                "values": list(values),
                "headers": list(headers) if any(headers) else None,  # no array of NULL, which takes its time
                "channels": list(channels),
                "payloads": list(payloads),
            },
        )
        self._outbox_rows.clear()
        self._notifications.clear()


class Database:
    """The service's connection pool and its clock."""

    def __init__(
        self,
        url: str,
        *,
        name: str = "afterword",
        pool_size: int = 8,
        pool_seconds: float = 10,
        clock: Clock = system_clock,
    ) -> None:
        """:param pool_seconds: how long a caller waits for a connection while all are in use."""
        self.url = url
        self.name = name
        self.clock = clock
        self.engine = new_engine(url, name=name, pool_size=pool_size, pool_seconds=pool_seconds)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """BEGIN, the block, the outbox, COMMIT; any exception rolls all of it back."""
        async with self.engine.begin() as connection:
            uow = UnitOfWork(connection, self.clock())
            yield uow
            await uow.flush()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """One consistent snapshot, read only."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield UnitOfWork(connection, self.clock())

    async def close(self) -> None:
        """Close the connections of the pool."""
        await self.engine.dispose()


@lru_cache(maxsize=2_000)
def statement(sql: str) -> TextClause:
    """A statement, parsed once for each text."""
    return text(sql)


def new_engine(
    url: str, *, name: str, pool_size: int | None, pool_seconds: float = 10, deadline: float | None = 40
) -> AsyncEngine:
    """An engine on which nothing waits for ever.

    :param pool_size: None keeps no connection.
    :param deadline: seconds that the client waits for a statement; None only for what may take long.
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
                # The default is for spinning disks: with it, a month of ten million rows is a full scan.
                "random_page_cost": "1.1",
            },
        },
        **limits,
    )
