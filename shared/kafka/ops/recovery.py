"""The way out when a database and the topics no longer fit together; nothing is skipped in silence.

A topic that was deleted and created again (its positions do not belong to it), or whose oldest records are
gone before they were applied: read from its oldest record; what was applied before changes nothing.

A database restored from an older backup: the service first reads its own topics again, so that it remembers
each thing as it said it last; then it calls unknown what may have been mailed since, and never mails it. What
it heard since the backup it hears again by itself: its positions are as old as its tables.
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
from shared.kafka.kernel.relay import RELAY_LOCK
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.kafka.ops import restore_guard

ROWS_PER_PAGE = 500

Cursor = tuple[str, Any]
"""Tenant and identity of the last thing of a page."""
PageReader = Callable[
    [UnitOfWork, Cursor | None, int], Awaitable[tuple[Sequence[tuple[str, D]], Cursor | None]]
]
"""The next so many things after a cursor, locked against change, each behind its tenant; and where to go on,
None at the end."""


@dataclass(frozen=True)
class Owned(Generic[D]):
    """A topic on which a service alone speaks, and all that it can say there as it stands now."""

    topic: Topic[D]
    page: PageReader[D]


@dataclass(frozen=True)
class Recovery:
    """What a service does when its database was restored from an older backup."""

    owned: Sequence[Owned[Any]] = ()
    reads: Sequence[Subscription[Any]] = ()
    """Read in this order: from our position where it fits, else from the topic's oldest record. The handlers
    keep what is newer than what they find, and say nothing."""
    settle: Callable[[UnitOfWork, int], Awaitable[int]] | None = None
    """Call unknown, up to so many at once, what may have been mailed since the backup; how many it settled,
    until none is left."""
    lost: str = ""
    """What nobody else holds: it is gone with the database."""


class RecoveryRefused(Exception):
    """It cannot be done now. The message says why, and what to do first."""


@dataclass(frozen=True)
class RefusedPosition:
    """A partition that is refused."""

    tp: TopicPartition
    at: int
    why: str
    beginning: int | None
    """Where it will be read from; None when the topic has no such partition any more."""


@dataclass(frozen=True)
class RecoveryFinding:
    """What does not fit together."""

    misfits: Sequence[RefusedPosition]
    forgotten: int
    """How many rows were said that the database does not remember."""


@dataclass
class Recoverer:
    """Looks and mends, for one service."""

    database: Database
    service: str
    consumed_topics: Sequence[str]
    recovery: Recovery
    bootstrap: str
    tell: Callable[[str], None]
    patience: float = 5.0
    """Seconds until what still runs is taken to stay."""

    async def look(self) -> RecoveryFinding:
        """What is wrong; nothing is changed."""
        async with topic_reader(self.bootstrap, f"{self.service}-recover") as reader:
            return await self._look(reader)

    async def recover(self, *, restored: bool) -> RecoveryFinding:
        """Mend it, and return what was wrong. ``restored``: read again even if nothing shows a backup.

        :raises Refusal: when a process of the service runs.
        """
        async with self._alone(), topic_reader(self.bootstrap, f"{self.service}-recover") as reader:
            found = await self._look(reader)
            await self._refuse_beside("worker", "sender", *(["api"] if found.forgotten or restored else []))
            for misfit in found.misfits:
                await self._begin_again(misfit)
            if found.forgotten or restored:
                await self._remember(reader)
            return found

    async def say_again(self) -> int:
        """Put all that the service owns into its outbox once more; how many. Readers drop by version."""
        said = 0
        for owned in self.recovery.owned:
            after: Cursor | None = None
            while True:
                async with self.database.transaction() as uow:
                    things, after = await owned.page(uow, after, ROWS_PER_PAGE)
                    for tenant, thing in things:
                        uow.publish(owned.topic, tenant, thing)
                said += len(things)
                if after is None:
                    break
        return said

    async def _look(self, reader: AIOKafkaConsumer) -> RecoveryFinding:
        places = await partitions_of(reader, self.consumed_topics)
        beginnings = await reader.beginning_offsets(places)
        ends = await reader.end_offsets(places)
        async with self.database.reading() as uow:
            stands = await positions.stored(uow, self.consumed_topics)
        topics = {tp.topic for tp in places}
        misfits = []
        for tp, (at, max_ts) in stands.items():
            if tp in beginnings:
                try:
                    await positions.check(reader, tp, at, max_ts, beginnings[tp], ends[tp])
                except PositionRefused as why:
                    misfits.append(RefusedPosition(tp, at, str(why).partition(";")[0], beginnings[tp]))
            elif tp.topic in topics:
                misfits.append(RefusedPosition(tp, at, "the topic has no such partition any more", None))
        own = [owned.topic.name for owned in self.recovery.owned]
        return RecoveryFinding(misfits, await restore_guard.missing_outbox_rows(self.database, reader, own))

    async def _begin_again(self, misfit: RefusedPosition) -> None:
        if misfit.beginning is None:
            await positions.forget(self.database, misfit.tp)
        elif not await positions.restart(self.database, misfit.tp, misfit.at, misfit.beginning):
            raise RecoveryRefused(
                f"The position in {misfit.tp.topic}/{misfit.tp.partition} has moved meanwhile."
            )

    async def _remember(self, reader: AIOKafkaConsumer) -> None:
        own = [owned.topic.name for owned in self.recovery.owned]
        said = await restore_guard.highest_published(reader, own)
        for subscription in self.recovery.reads:
            await self._read(reader, subscription)
        settled = 0
        while self.recovery.settle is not None:
            async with self.database.transaction() as uow:
                some = await self.recovery.settle(uow, ROWS_PER_PAGE)
            settled += some
            if not some:
                break
        if self.recovery.settle is not None:
            self.tell(f"{settled} settled: what may have been mailed since the backup is unknown for ever")
        # Last: who breaks off before it begins from the start again, and finds the same.
        await restore_guard.restore_sequence(self.database, said)

    async def _read(self, reader: AIOKafkaConsumer, subscription: Subscription[Any]) -> None:
        topic = subscription.topic
        places = await partitions_of(reader, [topic.name])
        beginnings = await reader.beginning_offsets(places)
        ends = await reader.end_offsets(places)
        async with self.database.reading() as uow:
            stands = await positions.stored(uow, [topic.name])
        since = {tp: stands[tp][0] if tp in stands else beginnings[tp] for tp in places}
        read, unread = 0, 0
        async for _, records in records_between(reader, since, ends):
            good, bad = decode(topic, records)
            async with self.database.transaction() as uow:
                await handle(uow, subscription, good, bad)
            read, unread = read + len(records) - len(bad), unread + len(bad)
        left = f", {unread} could not be read" if unread else ""
        self.tell(f"{topic.name}: {read} records read again{left}")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """No relay begins while the block lasts, and no second recovery."""
        engine = new_engine(self.database.url, name=f"{self.service}-recover", pool_size=None)
        try:
            async with engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")

                async def held() -> str:
                    lock = statement("SELECT pg_try_advisory_lock(:lock)")
                    got = (await connection.execute(lock, {"lock": RELAY_LOCK})).scalar_one()
                    return "" if got else f"A worker of {self.service} runs"

                await self._until_none(held)
                yield
        finally:
            await engine.dispose()

    async def _refuse_beside(self, *processes: str) -> None:
        """A process that is starting, or that waits, holds no lock, but its connections are there."""

        async def connected() -> str:
            async with self.database.reading() as uow:
                rows = await uow.execute(
                    "SELECT DISTINCT application_name AS name FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name = ANY(CAST(:names AS text[]))",
                    {"names": [f"{self.service}-{process}" for process in processes]},
                )
                return ", ".join(sorted(row.name for row in rows))

        await self._until_none(connected)

    async def _until_none(self, who: Callable[[], Awaitable[str]]) -> None:
        """A process that has just ended leaves its connections behind for a moment."""
        end = time.monotonic() + self.patience
        while found := await who():
            if time.monotonic() > end:
                raise RecoveryRefused(f"{found}. Stop it first, and start it afterwards.")
            await asyncio.sleep(0.2)
