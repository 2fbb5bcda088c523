"""PostgreSQL's LISTEN and NOTIFY: wake a loop when a transaction commits, so that it need not poll often.

A notification only shortens a wait. One that is lost, as while a connection is down, costs the time until
the loop's next poll and nothing else: the rows are the truth.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.database import Database, UnitOfWork, new_engine, statement
from shared.errors import is_retryable
from shared.runtime import Backoff, pause, pause_for_either

CHANGES_CHANNEL = "changes"
"""Notified by transactions that change what live pages show; the payload is the tenant."""
DELIVERIES_CHANNEL = "deliveries"
"""Notified by transactions that queue a delivery which is due at once, where its sender listens."""
MESSAGES_CHANNEL = "messages"
"""Notified by transactions that queue a message to a webhook or a chat, for the loops that send these."""
KEEPALIVE_INTERVAL_S = 15.0
"""A listener's session asks for something so often, and learns so that its connection is broken."""
IDLE_SESSION_TIMEOUT_S = 45
"""PostgreSQL ends a listener's session that asks for nothing for so long: its process is frozen, and must
keep neither the relay's lock nor the queue of notifications."""


def notify_changes(uow: UnitOfWork, tenants: Iterable[str]) -> None:
    """Tell the live pages that a thing of these tenants changes with this transaction."""
    for tenant in sorted(set(tenants)):
        uow.notify(CHANGES_CHANNEL, tenant)


async def listen(
    connection: AsyncConnection, channel: str, *, wake: Callable[[], None], ended: Callable[[], None]
) -> None:
    """Call ``wake`` at each notification of the channel, and ``ended`` when the connection has ended.

    The connection must be in autocommit mode and belong to no pool, and must ask for something more often
    than ``IDLE_SESSION_TIMEOUT_S``.
    """
    await connection.execute(statement(f"SET idle_session_timeout = '{IDLE_SESSION_TIMEOUT_S}s'"))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    driver.add_termination_listener(lambda _: ended())
    try:
        await driver.add_listener(channel, lambda *_: wake())
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # SQLAlchemy does not translate these
        raise ConnectionError(f"LISTEN {channel} failed") from error


@dataclass
class ChangeListener:
    """Wakes the loops of a process that wait for changes, by one connection for all of them."""

    database: Database
    channel: str = CHANGES_CHANNEL
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first loop that is to be woken: no connection is made before."""
    _wakes: set[asyncio.Event] = field(default_factory=set)

    @contextmanager
    def waking(self, wake: asyncio.Event) -> Iterator[None]:
        """Set the event at each change while the block lasts; and once when the connection is made, since
        what changed before is not known.
        """
        self._wakes.add(wake)
        self._wanted.set()
        try:
            yield
        finally:
            self._wakes.discard(wake)

    async def run(self, stopping: asyncio.Event) -> None:
        """Listen until stopped. When the connection breaks, connect again; anything may have changed
        meanwhile, so every loop is woken.
        """
        engine = new_engine(self.database.url, name=f"{self.database.name}-listener", pool_size=None)
        backoff = Backoff()
        await pause_for_either(stopping, self._wanted)
        try:
            while not stopping.is_set():
                try:
                    async with engine.connect() as connection:
                        await self._listen(connection, stopping, backoff)
                except Exception as error:
                    if not is_retryable(error):
                        raise
                    await pause(stopping, backoff.next())
        finally:
            await engine.dispose()

    async def _listen(self, connection: AsyncConnection, stopping: asyncio.Event, backoff: Backoff) -> None:
        ended = asyncio.Event()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await listen(connection, self.channel, wake=self._wake_all, ended=ended.set)
        self._wake_all()
        while not stopping.is_set():
            await connection.execute(statement("SELECT 1"))
            backoff.reset()
            await pause_for_either(stopping, ended, KEEPALIVE_INTERVAL_S)

    def _wake_all(self) -> None:
        for wake in self._wakes:
            wake.set()
