"""Recovery of a service whose database and topics no longer fit together; no record is skipped silently.

When a topic was deleted and created again, or its oldest records were deleted before they were applied, it
is consumed from its oldest record; applying a record twice changes nothing.

When the database was restored from an older backup, the service first reads the topics that it owns again,
and so gets the newest version of each thing; then mails that may have been sent since the backup become
``unknown``, and are never sent. What it consumed since the backup it consumes again by itself: its positions
are as old as its tables.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.db.database import Database, UnitOfWork, new_engine, statement
from shared.errors import PositionRefused
from shared.events.envelope import D, Topic
from shared.kafka.kernel import positions
from shared.kafka.kernel.handling import Subscription, decode, handle
from shared.kafka.kernel.relay import RELAY_LOCK, TRY_LOCK
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.kafka.ops import restore_guard

ROWS_PER_PAGE = 500

PROCESS_POLL_INTERVAL_S = 0.2

FIND_CONNECTED = """
    SELECT DISTINCT application_name AS name FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = ANY(CAST(:names AS text[]))
"""

Cursor = tuple[str, Any]
"""Tenant and identity of the last thing of a page."""
PageReader = Callable[
    [UnitOfWork, Cursor | None, int], Awaitable[tuple[Sequence[tuple[str, D]], Cursor | None]]
]
"""Read and lock the next things after a cursor, at most so many: each with its tenant, and the next cursor,
which is None at the end."""


@dataclass(frozen=True)
class Owned(Generic[D]):
    """A topic on which one service alone publishes, and all that it can publish there from its tables."""

    topic: Topic[D]
    page: PageReader[D]


@dataclass(frozen=True)
class Recovery:
    """What a service does when its database was restored from an older backup."""

    owned: Sequence[Owned[Any]] = ()
    reads: Sequence[Subscription[Any]] = ()
    """Topics that are read again, in this order: from the stored position if it fits, else from the oldest
    record. The handlers keep what is newer than their rows, and publish nothing."""
    settle: Callable[[UnitOfWork, int], Awaitable[int]] | None = None
    """Mark as unknown, at most so many at once, mails that may have been sent since the backup; how many it
    marked, 0 when none is left."""
    lost: str = ""
    """A sentence for the operator: what no topic contains, and is lost with the database."""


class RecoveryRefused(Exception):
    """The recovery cannot run now. The message says why, and what to do first."""


@dataclass(frozen=True)
class RefusedPosition:
    """A stored position that does not belong to its topic."""

    tp: TopicPartition
    next_offset: int
    why: str
    beginning: int | None
    """Where the partition will be consumed from; None when the topic has no such partition any more."""


@dataclass(frozen=True)
class RecoveryFinding:
    """What does not fit together."""

    refused: Sequence[RefusedPosition]
    missing_rows: int
    """How many published outbox rows the database does not contain."""


@dataclass
class Recoverer:
    """Finds what does not fit together in one service, and repairs it."""

    database: Database
    service: str
    consumed_topics: Sequence[str]
    recovery: Recovery
    bootstrap: str
    report: Callable[[str], None]
    stop_timeout_s: float = 5.0
    """How long processes of the service may take to disappear before the recovery is refused."""

    async def inspect(self) -> RecoveryFinding:
        """Find what is wrong, and change nothing."""
        async with topic_reader(self.bootstrap, f"{self.service}-recover") as reader:
            return await self._inspect(reader)

    async def recover(self, *, restored: bool) -> RecoveryFinding:
        """Repair what is wrong, and return it.

        :param restored: read the topics again even if nothing shows that the database comes from a backup.
        :raises RecoveryRefused: when a process of the service runs.
        """
        async with self._exclusive(), topic_reader(self.bootstrap, f"{self.service}-recover") as reader:
            finding = await self._inspect(reader)
            read_again = bool(finding.missing_rows) or restored
            await self._refuse_beside("worker", "sender", "bounces", *(["api"] if read_again else []))
            for position in finding.refused:
                await self._restart(position)
            if read_again:
                await self._read_again(reader)
            return finding

    async def publish_again(self) -> int:
        """Publish all that the service owns once more; how many things. Consumers drop known versions."""
        published = 0
        for owned in self.recovery.owned:
            after: Cursor | None = None
            while True:
                async with self.database.transaction() as uow:
                    things, after = await owned.page(uow, after, ROWS_PER_PAGE)
                    for tenant, thing in things:
                        uow.publish(owned.topic, tenant, thing)
                published += len(things)
                if after is None:
                    break
        return published

    @property
    def _own_topics(self) -> list[str]:
        return [owned.topic.name for owned in self.recovery.owned]

    async def _inspect(self, reader: AIOKafkaConsumer) -> RecoveryFinding:
        partitions = await partitions_of(reader, self.consumed_topics)
        beginnings = await reader.beginning_offsets(partitions)
        ends = await reader.end_offsets(partitions)
        async with self.database.reading() as uow:
            stored = await positions.stored(uow, self.consumed_topics)
        topics = {tp.topic for tp in partitions}
        refused = []
        for tp, (next_offset, max_ts) in stored.items():
            if tp in beginnings:
                try:
                    await positions.check(reader, tp, next_offset, max_ts, beginnings[tp], ends[tp])
                except PositionRefused as error:
                    why = str(error).partition(";")[0]
                    refused.append(RefusedPosition(tp, next_offset, why, beginnings[tp]))
            elif tp.topic in topics:
                why = "the topic has no such partition any more"
                refused.append(RefusedPosition(tp, next_offset, why, None))
        missing = await restore_guard.missing_outbox_rows(self.database, reader, self._own_topics)
        return RecoveryFinding(refused, missing)

    async def _restart(self, refused: RefusedPosition) -> None:
        if refused.beginning is None:
            await positions.forget(self.database, refused.tp)
        elif not await positions.restart(self.database, refused.tp, refused.next_offset, refused.beginning):
            raise RecoveryRefused(
                f"The position in {refused.tp.topic}/{refused.tp.partition} has moved meanwhile."
            )

    async def _read_again(self, reader: AIOKafkaConsumer) -> None:
        """Read the own topics, settle mails, and let the outbox sequence go on behind the published rows."""
        published = await restore_guard.highest_published(reader, self._own_topics)
        for subscription in self.recovery.reads:
            await self._read_topic(reader, subscription)
        settled = 0
        while self.recovery.settle is not None:
            async with self.database.transaction() as uow:
                some = await self.recovery.settle(uow, ROWS_PER_PAGE)
            settled += some
            if not some:
                break
        if self.recovery.settle is not None:
            self.report(f"{settled} settled: what may have been mailed since the backup is unknown for ever")
        # Last: a recovery that is interrupted before finds the same when it is started again.
        await restore_guard.restore_sequence(self.database, published)

    async def _read_topic(self, reader: AIOKafkaConsumer, subscription: Subscription[Any]) -> None:
        topic = subscription.topic
        partitions = await partitions_of(reader, [topic.name])
        beginnings = await reader.beginning_offsets(partitions)
        ends = await reader.end_offsets(partitions)
        async with self.database.reading() as uow:
            stored = await positions.stored(uow, [topic.name])
        since = {tp: stored[tp][0] if tp in stored else beginnings[tp] for tp in partitions}
        read, unread = 0, 0
        async for _, records in records_between(reader, since, ends):
            decoded, unhandled = decode(topic, records)
            async with self.database.transaction() as uow:
                await handle(uow, subscription, decoded, unhandled)
            read, unread = read + len(records) - len(unhandled), unread + len(unhandled)
        left = f", {unread} could not be read" if unread else ""
        self.report(f"{topic.name}: {read} records read again{left}")

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        """Hold the relay's lock: no relay and no second recovery begins while the block runs."""
        engine = new_engine(self.database.url, name=f"{self.service}-recover", pool_size=None)
        try:
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")

                async def lock_holder() -> str:
                    acquired = await connection.execute(statement(TRY_LOCK), {"lock": RELAY_LOCK})
                    return "" if acquired.scalar_one() else f"A worker of {self.service} runs"

                await self._wait_until_stopped(lock_holder)
                yield
        finally:
            await engine.dispose()

    async def _refuse_beside(self, *processes: str) -> None:
        """Refuse to go on beside processes that hold no lock, since they start or wait, but are connected.

        :raises RecoveryRefused: naming those that stay connected.
        """
        names = [f"{self.service}-{process}" for process in processes]

        async def connected() -> str:
            async with self.database.reading() as uow:
                rows = await uow.execute(FIND_CONNECTED, {"names": names})
                return ", ".join(sorted(row.name for row in rows))

        await self._wait_until_stopped(connected)

    async def _wait_until_stopped(self, running: Callable[[], Awaitable[str]]) -> None:
        """Wait a little: the connections of a process that has just ended remain for a moment."""
        deadline = time.monotonic() + self.stop_timeout_s
        while found := await running():
            if time.monotonic() > deadline:
                raise RecoveryRefused(f"{found}. Stop it first, and start it afterwards.")
            await asyncio.sleep(PROCESS_POLL_INTERVAL_S)
