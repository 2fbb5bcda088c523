"""The batch consumer: hand the events of a topic to a handler; what it writes happens exactly once.

For each batch, whatever partitions its records come from, in one transaction:
  1. move the stored positions from where we stand to the batch's ends, or roll back: somebody else has;
  2. hand what can be read to the handler, in sorted order;
  3. put aside, with its original bytes, what cannot be read or cannot be handled;
  4. write what the handler said to the outbox, and commit.
Trouble with Kafka or PostgreSQL changes nothing: the partitions are claimed again and the batch repeated.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.db.database import Database, UnitOfWork
from shared.diagnosis import describe
from shared.errors import PositionRefused, is_infrastructure_error, is_retryable
from shared.events.envelope import D
from shared.health import Health
from shared.kafka.kernel import positions
from shared.kafka.kernel.clients import new_consumer, stop_consumer
from shared.kafka.kernel.dead_letters import dead_letter_topic, encode_headers
from shared.kafka.kernel.handling import (
    HandleRecords,
    Record,
    Subscription,
    UnhandledRecords,
    decode,
    handle,
    handle_together,
    place_of,
)
from shared.kafka.kernel.positions import Fenced, Position, PositionMove
from shared.runtime import Backoff, pause
from shared.telemetry import metrics

MAX_BATCH_RECORDS = 500
MIN_BATCH_INTERVAL_S = 0.05
"""Seconds from one transaction to the next while batches are not full: what comes meanwhile shares it."""
MAX_DEAD_LETTERS_IN_A_ROW = 100
"""So many dead letters in a row mean that we are wrong, not they: the partition stops and says so."""
REFUSED_RECHECK_S = 5.0
"""Seconds until a refused or stopped partition is claimed again: an operator may have spoken."""


class TooManyDeadLetters(Exception):
    """Too many dead letters in a row; the batch is to be applied only up to this offset."""

    def __init__(self, before: int) -> None:
        super().__init__(before)
        self.before = before


class PartitionBatch(NamedTuple):
    """What came of one partition, and where we stood when it came."""

    position: Position
    records: Sequence[Record]


PartitionBatches = Mapping[TopicPartition, PartitionBatch]


@dataclass
class BatchConsumer(Generic[D]):
    """One subscription of one service; start as many as there are partitions."""

    database: Database
    service: str
    subscription: Subscription[D]
    bootstrap: str
    health: Health
    _owned: dict[TopicPartition, Position] = field(default_factory=dict)
    _unclaimed: set[TopicPartition] = field(default_factory=set)
    _not_before: dict[TopicPartition, float] = field(default_factory=dict)
    _stuck: set[TopicPartition] = field(default_factory=set)
    _blown: set[TopicPartition] = field(default_factory=set)
    _told: set[TopicPartition] = field(default_factory=set)
    _backoff: Backoff = field(default_factory=Backoff)

    @property
    def _topic(self) -> str:
        return self.subscription.topic.name

    @property
    def _loop(self) -> str:
        return f"consumer {self._topic}"

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until stopped; the batch in hand is finished first."""
        while not stopping.is_set():
            self.health.tick(self._loop)
            client = new_consumer(
                self.bootstrap, f"{self.service}.{self._topic}", prompt=self.subscription.prompt
            )
            self._owned.clear()
            self._unclaimed.clear()
            metrics.PARTITIONS.labels(self.service, self._topic).set(0)
            try:
                await client.start()
                client.subscribe(
                    [self._topic], listener=_RebalanceListener(client, self._owned, self._unclaimed)
                )
                self.health.set_ready(self._loop)
                await self._consume(client, stopping)
            except Exception as error:
                if not is_retryable(error):
                    raise
                self.health.set_unready(self._loop, describe(error))
                await pause(stopping, self._backoff.next())
            finally:
                await stop_consumer(client)
        self.health.forget(self._loop)

    async def _consume(self, client: AIOKafkaConsumer, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self.health.tick(self._loop)
            claimed = [tp for tp in sorted(self._unclaimed) if await self._claim(client, tp)]
            # All at the end: while a fetch waits at the broker, the next claim's questions would wait too.
            client.resume(*(tp for tp in claimed if tp in self._owned))
            metrics.PARTITIONS.labels(self.service, self._topic).set(len(self._owned))
            # Never inside wait_for: a cancelled getmany leaks its counter for ever.
            batches = await client.getmany(timeout_ms=200, max_records=MAX_BATCH_RECORDS)
            parts = {
                tp: PartitionBatch(position, records)
                for tp, records in sorted(batches.items())
                if (position := self._owned.get(tp)) is not None
            }
            if parts and not stopping.is_set():
                began = time.monotonic()
                await self._take(client, parts)
                if sum(len(part.records) for part in parts.values()) < MAX_BATCH_RECORDS:
                    await pause(stopping, began + MIN_BATCH_INTERVAL_S - time.monotonic())
            self._forget_lost(client)

    async def _claim(self, client: AIOKafkaConsumer, tp: TopicPartition) -> bool:
        """Take our stand in a partition; True when it is to be read on."""
        if self._not_before.get(tp, 0) > time.monotonic():
            return False
        self.health.tick(self._loop)
        try:
            position = await positions.claim(self.database, client, tp)
        except PositionRefused as refusal:
            self._stop_at(tp, str(refusal))
            return False
        except KafkaError:
            raise  # a client that cannot tell where a topic ends may never again: a new one is made
        except Exception as error:
            if not is_retryable(error):
                raise
            self._wait_with([tp], error)
            return False
        if tp not in self._unclaimed or tp not in client.assignment():
            return False
        client.seek(tp, position.next_offset)
        self._owned[tp] = position
        self._unclaimed.discard(tp)
        self._not_before.pop(tp, None)
        if tp not in self._blown:  # a blown fuse is whole again only when a batch has gone through
            self._unstick(tp)
        return True

    async def _take(self, client: AIOKafkaConsumer, parts: PartitionBatches) -> None:
        """All of them in one transaction: while little comes, one for each partition would cost more than its
        records do. When something is the matter with one of several, each is taken alone.
        """
        try:
            await self._check_gaps(client, parts)
            await self.apply(parts)
        except (TooManyDeadLetters, PositionRefused, Fenced) as why:
            if len(parts) > 1:
                await self._take_each(client, parts)
                return
            (tp,) = parts
            self._give_up(tp, why)
        except Exception as error:
            if not is_retryable(error):
                raise
            self._wait_with(parts, error)
        else:
            self._backoff.reset()
            for tp in parts:
                self._unstick(tp)
            return
        for tp in parts:
            self._owned.pop(tp, None)
            if tp in client.assignment():
                client.pause(tp)
                self._unclaimed.add(tp)

    async def _take_each(self, client: AIOKafkaConsumer, parts: PartitionBatches) -> None:
        for tp, part in parts.items():
            if self._owned.get(tp) is part.position:
                await self._take(client, {tp: part})

    def _give_up(self, tp: TopicPartition, why: TooManyDeadLetters | PositionRefused | Fenced) -> None:
        if isinstance(why, Fenced):
            metrics.FENCED.labels(self.service, tp.topic).inc()
        elif isinstance(why, PositionRefused):
            self._stop_at(tp, str(why))
        else:
            self._blown.add(tp)
            self._stop_at(
                tp,
                f"{MAX_DEAD_LETTERS_IN_A_ROW} dead letters in a row before offset {why.before}; "
                "see resume --until",
            )

    def _wait_with(self, tps: Iterable[TopicPartition], error: Exception) -> None:
        again = time.monotonic() + self._backoff.next()
        for tp in tps:
            self._not_before[tp] = again
            self._tell(tp, describe(error))

    def _tell(self, tp: TopicPartition, why: str) -> None:
        self._told.add(tp)
        self.health.set_unready(f"{tp.topic}/{tp.partition}", why)

    def _stop_at(self, tp: TopicPartition, why: str) -> None:
        self._stuck.add(tp)
        self._not_before[tp] = time.monotonic() + REFUSED_RECHECK_S
        self._tell(tp, why)
        self._count_stuck()

    def _unstick(self, tp: TopicPartition) -> None:
        self._blown.discard(tp)
        self._stuck.discard(tp)
        self._told.discard(tp)
        self.health.set_ready(f"{tp.topic}/{tp.partition}")
        self._count_stuck()

    def _count_stuck(self) -> None:
        fused = len(self._stuck & self._blown)
        metrics.STUCK.labels(self.service, self._topic, "fused").set(fused)
        metrics.STUCK.labels(self.service, self._topic, "refused").set(len(self._stuck) - fused)

    def _forget_lost(self, client: AIOKafkaConsumer) -> None:
        """What another member owns now is its to report."""
        for tp in self._told - client.assignment():
            self._unstick(tp)

    async def _check_gaps(self, client: AIOKafkaConsumer, parts: PartitionBatches) -> None:
        """Compaction leaves holes; retention that overtook us leaves a loss, which is not ours to skip."""
        for tp, (position, records) in parts.items():
            if records[0].offset > position.next_offset:
                beginning = (await client.beginning_offsets([tp]))[tp]
                if beginning > position.next_offset and beginning > position.pass_until:
                    raise PositionRefused(
                        f"position {position.next_offset} lies before the topic's beginning {beginning}"
                    )

    async def apply(self, parts: PartitionBatches) -> None:
        """Apply these batches once, all or none, whoever else holds them. Their positions were read once,
        before any await: the listener may clear what we own during each of them.

        :raises Fenced: when somebody else has applied one of them.
        :raises FuseBlown: when one ends in too many dead letters; if it is the only one, all before them is
            applied.
        """
        fresh = {
            tp: PartitionBatch(part.position, records)
            for tp, part in parts.items()
            if (records := [each for each in part.records if each.offset >= part.position.next_offset])
        }
        if not fresh:
            return
        try:
            await self._apply(fresh)
        except TooManyDeadLetters as blown:
            if len(fresh) == 1:
                ((tp, part),) = fresh.items()
                if before := [each for each in part.records if each.offset < blown.before]:
                    await self._apply({tp: PartitionBatch(part.position, before)})
            raise

    async def _apply(self, parts: PartitionBatches) -> None:
        try:
            moved = await self._transact(parts, handle_together)
        except Exception as error:
            if isinstance(error, Fenced | TooManyDeadLetters) or is_infrastructure_error(error):
                raise
            # Only now is the event looked for that is to blame: savepoints are dear when little comes.
            moved = await self._transact(parts, handle)
        for tp, position in moved.items():
            if self._owned.get(tp) is parts[tp].position:
                self._owned[tp] = position

    async def _transact(
        self, parts: PartitionBatches, hand_over: HandleRecords
    ) -> dict[TopicPartition, Position]:
        records = [record for part in parts.values() for record in part.records]
        good, bad = decode(self.subscription.topic, records)
        started = time.monotonic()
        moved: dict[TopicPartition, Position] = {}
        async with self.database.transaction() as uow:
            await positions.move(uow, {tp: _step(part) for tp, part in parts.items()})
            await hand_over(uow, self.subscription, good, bad)
            for tp, part in parts.items():
                bad_run = _bad_run(part, bad)
                if bad_run != part.position.bad_run:
                    await positions.note_bad_run(uow, tp, bad_run)
                moved[tp] = Position(_step(part).end, bad_run, part.position.pass_until)
            for record in records:
                if place_of(record) in bad:
                    self._dead_letter(uow, record, bad[place_of(record)].reason)
        metrics.BATCH_SECONDS.labels(self.service, self._topic).observe(time.monotonic() - started)
        metrics.RECORDS.labels(self.service, self._topic).inc(len(records))
        for aside in bad.values():
            metrics.DEAD_LETTERS.labels(self.service, self._topic, aside.kind).inc()
        return moved

    def _dead_letter(self, uow: UnitOfWork, record: Record, reason: str) -> None:
        headers = encode_headers(
            record.topic,
            record.partition,
            record.offset,
            reason,
            uow.now,
            [(k, v or b"") for k, v in record.headers],
        )
        uow.add_dead_letter(dead_letter_topic(record.topic, self.service), record.key, record.value, headers)


def _step(part: PartitionBatch) -> PositionMove:
    youngest = max(record.timestamp for record in part.records)
    return PositionMove(part.position.next_offset, part.records[-1].offset + 1, youngest)


def _bad_run(part: PartitionBatch, bad: UnhandledRecords) -> int:
    run = part.position.bad_run
    for record in part.records:
        if record.offset < part.position.pass_until or place_of(record) not in bad:
            run = 0
        elif run == MAX_DEAD_LETTERS_IN_A_ROW:
            raise TooManyDeadLetters(record.offset)
        else:
            run += 1
    return run


class _RebalanceListener(ConsumerRebalanceListener):
    """Only pauses and notes: aiokafka swallows what a listener raises, and records come during its awaits."""

    def __init__(
        self,
        client: AIOKafkaConsumer,
        owned: dict[TopicPartition, Position],
        unclaimed: set[TopicPartition],
    ) -> None:
        self._client = client
        self._owned = owned
        self._unclaimed = unclaimed

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002
        self._owned.clear()
        self._unclaimed.clear()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._client.pause(*assigned)
        self._owned.clear()
        self._unclaimed.clear()
        self._unclaimed.update(assigned)
