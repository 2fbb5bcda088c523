"""The batch consumer: hand the events of a topic to a handler; what it writes happens exactly once.

For each batch, in one transaction:
  1. move the stored position from where we stand to the batch's end, or roll back: somebody else has;
  2. hand what can be read to the handler, in sorted order;
  3. put aside, with its original bytes, what cannot be read or cannot be handled;
  4. write what the handler said to the outbox, and commit.
Trouble with Kafka or PostgreSQL changes nothing: the partition is claimed again and the batch repeated.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.db.database import Database, UnitOfWork
from shared.errors import Refused, is_trouble
from shared.events.envelope import D
from shared.kafka import positions
from shared.kafka.clients import new_consumer, stop_consumer
from shared.kafka.dead_letters import dead_letter_topic, headers_of
from shared.kafka.handling import Bad, Record, Subscription, decode, handle
from shared.kafka.positions import Fenced, Position
from shared.plight import in_words
from shared.runtime import Backoff, Health, pause
from shared.telemetry import metrics

BATCH = 500
FUSE = 100
"""So many dead letters in a row mean that we are wrong, not they: the partition stops and says so."""
LOOK_AGAIN = 5.0
"""Seconds until a refused or stopped partition is claimed again: an operator may have spoken."""


class FuseBlown(Exception):
    """Too many dead letters in a row; the batch is to be applied only up to this offset."""

    def __init__(self, before: int) -> None:
        super().__init__(before)
        self.before = before


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
            client = new_consumer(self.bootstrap, f"{self.service}.{self._topic}")
            self._owned.clear()
            self._unclaimed.clear()
            metrics.PARTITIONS.labels(self.service, self._topic).set(0)
            try:
                await client.start()
                client.subscribe([self._topic], listener=_Listener(client, self._owned, self._unclaimed))
                self.health.found(self._loop)
                await self._consume(client, stopping)
            except Exception as error:
                if not is_trouble(error):
                    raise
                self.health.missing(self._loop, in_words(error))
                await pause(stopping, self._backoff.next())
            finally:
                await stop_consumer(client)
        self.health.forget(self._loop)

    async def _consume(self, client: AIOKafkaConsumer, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self.health.tick(self._loop)
            for tp in sorted(self._unclaimed):
                self.health.tick(self._loop)
                await self._claim(client, tp)
            metrics.PARTITIONS.labels(self.service, self._topic).set(len(self._owned))
            # Never inside wait_for: a cancelled getmany leaks its counter for ever.
            batches = await client.getmany(timeout_ms=200, max_records=BATCH)
            for tp, records in batches.items():
                if stopping.is_set():
                    return
                if (position := self._owned.get(tp)) is not None:
                    await self._take(client, tp, position, records)
            self._forget_lost(client)

    async def _claim(self, client: AIOKafkaConsumer, tp: TopicPartition) -> None:
        if self._not_before.get(tp, 0) > time.monotonic():
            return
        try:
            position = await positions.claim(self.database, client, tp)
        except Refused as refusal:
            self._stop_at(tp, str(refusal))
            return
        except KafkaError:
            raise  # a client that cannot tell where a topic ends may never again: a new one is made
        except Exception as error:
            if not is_trouble(error):
                raise
            self._wait_with(tp, error)
            return
        if tp in self._unclaimed and tp in client.assignment():
            client.seek(tp, position.next_offset)
            self._owned[tp] = position
            self._unclaimed.discard(tp)
            self._not_before.pop(tp, None)
            if tp not in self._blown:  # a blown fuse is whole again only when a batch has gone through
                self._unstick(tp)
            client.resume(tp)

    async def _take(
        self, client: AIOKafkaConsumer, tp: TopicPartition, position: Position, records: Sequence[Record]
    ) -> None:
        try:
            await self._check_gap(client, tp, position, records)
            await self.apply(tp, position, records)
        except FuseBlown as blown:
            self._blown.add(tp)
            self._stop_at(
                tp, f"{FUSE} dead letters in a row before offset {blown.before}; see resume --until"
            )
        except Refused as refusal:
            self._stop_at(tp, str(refusal))
        except Fenced:
            metrics.FENCED.labels(self.service, tp.topic).inc()
        except Exception as error:
            if not is_trouble(error):
                raise
            self._wait_with(tp, error)
        else:
            self._backoff.reset()
            self._unstick(tp)
            return
        self._owned.pop(tp, None)
        if tp in client.assignment():
            client.pause(tp)
            self._unclaimed.add(tp)

    def _wait_with(self, tp: TopicPartition, error: Exception) -> None:
        self._not_before[tp] = time.monotonic() + self._backoff.next()
        self._tell(tp, in_words(error))

    def _tell(self, tp: TopicPartition, why: str) -> None:
        self._told.add(tp)
        self.health.missing(f"{tp.topic}/{tp.partition}", why)

    def _stop_at(self, tp: TopicPartition, why: str) -> None:
        self._stuck.add(tp)
        self._not_before[tp] = time.monotonic() + LOOK_AGAIN
        self._tell(tp, why)
        self._count_stuck()

    def _unstick(self, tp: TopicPartition) -> None:
        self._blown.discard(tp)
        self._stuck.discard(tp)
        self._told.discard(tp)
        self.health.found(f"{tp.topic}/{tp.partition}")
        self._count_stuck()

    def _count_stuck(self) -> None:
        fused = len(self._stuck & self._blown)
        metrics.STUCK.labels(self.service, self._topic, "fused").set(fused)
        metrics.STUCK.labels(self.service, self._topic, "refused").set(len(self._stuck) - fused)

    def _forget_lost(self, client: AIOKafkaConsumer) -> None:
        """What another member owns now is its to report."""
        for tp in self._told - client.assignment():
            self._unstick(tp)

    async def _check_gap(
        self, client: AIOKafkaConsumer, tp: TopicPartition, position: Position, records: Sequence[Record]
    ) -> None:
        """Compaction leaves holes; retention that overtook us leaves a loss, which is not ours to skip."""
        if records[0].offset > position.next_offset:
            beginning = (await client.beginning_offsets([tp]))[tp]
            if beginning > position.next_offset and beginning > position.pass_until:
                raise Refused(
                    f"position {position.next_offset} lies before the topic's beginning {beginning}"
                )

    async def apply(self, tp: TopicPartition, position: Position, records: Sequence[Record]) -> None:
        """Apply a batch once, whoever else holds it. ``position`` was read once, before any await:
        the listener may clear what we own during each of them.

        :raises Fenced: when somebody else has applied it.
        :raises FuseBlown: when it ends in too many dead letters; all before them is applied.
        """
        records = [record for record in records if record.offset >= position.next_offset]
        if not records:
            return
        try:
            moved = await self._transact(tp, position, records)
        except FuseBlown as blown:
            before = [record for record in records if record.offset < blown.before]
            if before:
                moved = await self._transact(tp, position, before)
                if self._owned.get(tp) is position:
                    self._owned[tp] = moved
            raise
        if self._owned.get(tp) is position:
            self._owned[tp] = moved

    async def _transact(self, tp: TopicPartition, position: Position, records: Sequence[Record]) -> Position:
        good, bad = decode(self.subscription.topic, records)
        started = time.monotonic()
        async with self.database.transaction() as uow:
            end = records[-1].offset + 1
            await positions.move(
                uow, tp, position.next_offset, end, max(record.timestamp for record in records)
            )
            await handle(uow, self.subscription, good, bad)
            bad_run = self._run_of_bad(position, records, bad)
            if bad_run != position.bad_run:
                await positions.note_bad_run(uow, tp, bad_run)
            for record in records:
                if record.offset in bad:
                    self._put_aside(uow, record, bad[record.offset].reason)
        metrics.BATCH_SECONDS.labels(self.service, tp.topic).observe(time.monotonic() - started)
        metrics.RECORDS.labels(self.service, tp.topic).inc(len(records))
        for aside in bad.values():
            metrics.DEAD_LETTERS.labels(self.service, tp.topic, aside.kind).inc()
        return Position(end, bad_run, position.pass_until)

    def _run_of_bad(self, position: Position, records: Sequence[Record], bad: Bad) -> int:
        run = position.bad_run
        for record in records:
            if record.offset < position.pass_until or record.offset not in bad:
                run = 0
            elif run == FUSE:
                raise FuseBlown(record.offset)
            else:
                run += 1
        return run

    def _put_aside(self, uow: UnitOfWork, record: Record, reason: str) -> None:
        headers = headers_of(
            record.topic,
            record.partition,
            record.offset,
            reason,
            uow.now,
            [(k, v or b"") for k, v in record.headers],
        )
        uow.put_aside(dead_letter_topic(record.topic, self.service), record.key, record.value, headers)


class _Listener(ConsumerRebalanceListener):
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
