"""The batch consumer: pass the events of a topic to a handler, whose writes happen exactly once.

For each batch, whatever partitions its records come from, in one transaction:
  1. move the stored positions from the batch's beginning to its end; roll back if another consumer has;
  2. pass the events that can be decoded to the handler, sorted;
  3. publish a dead letter, with the original bytes, for each record that cannot be decoded or handled;
  4. write what the handler published to the outbox, and commit.
An outage of Kafka or PostgreSQL changes nothing: the partitions are claimed again and the batch is repeated.
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
from shared.kafka.kernel.dead_letters import dead_letter_key, dead_letter_topic, encode_headers
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
FETCH_TIMEOUT_MS = 200
MIN_BATCH_INTERVAL_S = 0.05
"""Seconds from one transaction to the next while batches are not full: later records share one."""
MAX_DEAD_LETTERS_IN_A_ROW = 100
"""So many dead letters in a row mean that the code is wrong, not the records: the partition stops."""
REFUSED_RECHECK_S = 5.0
"""Seconds until a refused or stopped partition is claimed again: an operator may have mended it."""


class TooManyDeadLetters(Exception):
    """Too many dead letters in a row: the batch may be applied only up to the offset ``before``."""

    def __init__(self, before: int) -> None:
        super().__init__(before)
        self.before = before


class PartitionBatch(NamedTuple):
    """Records of one partition, and its position when they were fetched."""

    position: Position
    records: Sequence[Record]


PartitionBatches = Mapping[TopicPartition, PartitionBatch]


@dataclass
class BatchConsumer(Generic[D]):
    """Consumes one subscription of one service. There may be as many as the topic has partitions."""

    database: Database
    service: str
    subscription: Subscription[D]
    bootstrap: str
    health: Health
    _owned: dict[TopicPartition, Position] = field(default_factory=dict)
    _unclaimed: set[TopicPartition] = field(default_factory=set)
    _not_before: dict[TopicPartition, float] = field(default_factory=dict)
    """When a partition that could not be claimed or applied is claimed again, by the monotonic clock."""
    _stopped: set[TopicPartition] = field(default_factory=set)
    """Partitions that wait for an operator: refused, or fused."""
    _fused: set[TopicPartition] = field(default_factory=set)
    """Those that stopped after too many dead letters in a row."""
    _unready: set[TopicPartition] = field(default_factory=set)
    """Partitions that ``health`` reports as unready."""
    _backoff: Backoff = field(default_factory=Backoff)

    @property
    def _topic(self) -> str:
        return self.subscription.topic.name

    @property
    def _loop(self) -> str:
        return f"consumer {self._topic}"

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until stopped; a batch that has begun is finished first."""
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
            # After all claims: requests of a later claim would wait behind the fetch of an earlier one.
            client.resume(*(tp for tp in claimed if tp in self._owned))
            metrics.PARTITIONS.labels(self.service, self._topic).set(len(self._owned))
            # Never inside wait_for: a cancelled getmany leaks its counter for ever.
            fetched = await client.getmany(timeout_ms=FETCH_TIMEOUT_MS, max_records=MAX_BATCH_RECORDS)
            batches = {
                tp: PartitionBatch(position, records)
                for tp, records in sorted(fetched.items())
                if (position := self._owned.get(tp)) is not None
            }
            if batches and not stopping.is_set():
                began = time.monotonic()
                await self._process(client, batches)
                if sum(len(batch.records) for batch in batches.values()) < MAX_BATCH_RECORDS:
                    await pause(stopping, began + MIN_BATCH_INTERVAL_S - time.monotonic())
            self._clear_lost(client)

    async def _claim(self, client: AIOKafkaConsumer, tp: TopicPartition) -> bool:
        """Claim the partition; True if consumption may start."""
        if self._not_before.get(tp, 0) > time.monotonic():
            return False
        self.health.tick(self._loop)
        try:
            position = await positions.claim(self.database, client, tp)
        except PositionRefused as refusal:
            self._stop_partition(tp, str(refusal))
            return False
        except KafkaError:
            raise  # a client that fails to read a topic's end may do so for ever: a new one is made
        except Exception as error:
            if not is_retryable(error):
                raise
            self._retry_later([tp], error)
            return False
        if tp not in self._unclaimed or tp not in client.assignment():
            return False
        client.seek(tp, position.next_offset)
        self._owned[tp] = position
        self._unclaimed.discard(tp)
        self._not_before.pop(tp, None)
        if tp not in self._fused:  # a fused partition goes on only when a batch has been applied
            self._clear(tp)
        return True

    async def _process(self, client: AIOKafkaConsumer, batches: PartitionBatches) -> None:
        """Apply all batches in one transaction; when one of several cannot be applied, each in its own.

        While few records arrive, a transaction for each partition would cost more than its records do.
        """
        try:
            await self._check_gaps(client, batches)
            await self.apply(batches)
        except (TooManyDeadLetters, PositionRefused, Fenced) as why:
            if len(batches) > 1:
                await self._process_each(client, batches)
                return
            (tp,) = batches
            self._report_rejected(tp, why)
        except Exception as error:
            if not is_retryable(error):
                raise
            self._retry_later(batches, error)
        else:
            self._backoff.reset()
            for tp in batches:
                self._clear(tp)
            return
        for tp in batches:
            self._owned.pop(tp, None)
            if tp in client.assignment():
                client.pause(tp)
                self._unclaimed.add(tp)

    async def _process_each(self, client: AIOKafkaConsumer, batches: PartitionBatches) -> None:
        for tp, batch in batches.items():
            if self._owned.get(tp) is batch.position:
                await self._process(client, {tp: batch})

    def _report_rejected(
        self, tp: TopicPartition, why: TooManyDeadLetters | PositionRefused | Fenced
    ) -> None:
        if isinstance(why, Fenced):
            metrics.FENCED.labels(self.service, tp.topic).inc()
        elif isinstance(why, PositionRefused):
            self._stop_partition(tp, str(why))
        else:
            self._fused.add(tp)
            self._stop_partition(
                tp,
                f"{MAX_DEAD_LETTERS_IN_A_ROW} dead letters in a row before offset {why.before}; "
                "see resume --until",
            )

    def _retry_later(self, tps: Iterable[TopicPartition], error: Exception) -> None:
        retry_at = time.monotonic() + self._backoff.next()
        for tp in tps:
            self._not_before[tp] = retry_at
            self._set_unready(tp, describe(error))

    def _set_unready(self, tp: TopicPartition, why: str) -> None:
        self._unready.add(tp)
        self.health.set_unready(f"{tp.topic}/{tp.partition}", why)

    def _stop_partition(self, tp: TopicPartition, why: str) -> None:
        self._stopped.add(tp)
        self._not_before[tp] = time.monotonic() + REFUSED_RECHECK_S
        self._set_unready(tp, why)
        self._count_stopped()

    def _clear(self, tp: TopicPartition) -> None:
        """The partition is consumed, or another consumer owns it."""
        self._fused.discard(tp)
        self._stopped.discard(tp)
        self._unready.discard(tp)
        self.health.set_ready(f"{tp.topic}/{tp.partition}")
        self._count_stopped()

    def _count_stopped(self) -> None:
        fused = len(self._stopped & self._fused)
        metrics.STUCK.labels(self.service, self._topic, "fused").set(fused)
        metrics.STUCK.labels(self.service, self._topic, "refused").set(len(self._stopped) - fused)

    def _clear_lost(self, client: AIOKafkaConsumer) -> None:
        """Stop reporting partitions that another member of the group owns now."""
        for tp in self._unready - client.assignment():
            self._clear(tp)

    async def _check_gaps(self, client: AIOKafkaConsumer, batches: PartitionBatches) -> None:
        """Compaction leaves gaps between offsets; records that retention deleted are a loss, never skipped.

        :raises PositionRefused: when records after the position are lost, and no operator has accepted that.
        """
        for tp, (position, records) in batches.items():
            if records[0].offset > position.next_offset:
                beginning = (await client.beginning_offsets([tp]))[tp]
                if beginning > position.next_offset and beginning > position.pass_until:
                    raise PositionRefused(
                        f"position {position.next_offset} lies before the topic's beginning {beginning}"
                    )

    async def apply(self, batches: PartitionBatches) -> None:
        """Apply these batches once, all or none, also when another consumer has fetched the same records.

        Their positions were read before any await: the listener may clear ``_owned`` during each of them.

        :raises Fenced: when another consumer has applied one of them.
        :raises TooManyDeadLetters: when one has too many in a row; if it is the only batch, the records
            before them are applied.
        """
        fresh = {
            tp: PartitionBatch(batch.position, records)
            for tp, batch in batches.items()
            if (records := [each for each in batch.records if each.offset >= batch.position.next_offset])
        }
        if not fresh:
            return
        try:
            await self._apply(fresh)
        except TooManyDeadLetters as error:
            if len(fresh) == 1:
                ((tp, batch),) = fresh.items()
                if before := [each for each in batch.records if each.offset < error.before]:
                    await self._apply({tp: PartitionBatch(batch.position, before)})
            raise

    async def _apply(self, batches: PartitionBatches) -> None:
        try:
            moved = await self._transact(batches, handle_together)
        except Exception as error:
            if isinstance(error, Fenced | TooManyDeadLetters) or is_infrastructure_error(error):
                raise
            # Only now search for the event at fault: savepoints are expensive while batches are small.
            moved = await self._transact(batches, handle)
        for tp, position in moved.items():
            if self._owned.get(tp) is batches[tp].position:
                self._owned[tp] = position

    async def _transact(
        self, batches: PartitionBatches, handle_records: HandleRecords
    ) -> dict[TopicPartition, Position]:
        records = [record for batch in batches.values() for record in batch.records]
        decoded, unhandled = decode(self.subscription.topic, records)
        started = time.monotonic()
        moved: dict[TopicPartition, Position] = {}
        async with self.database.transaction() as uow:
            moves = {tp: _move_over(batch) for tp, batch in batches.items()}
            await positions.move(uow, moves)
            await handle_records(uow, self.subscription, decoded, unhandled)
            for tp, batch in batches.items():
                bad_run = _bad_run(batch, unhandled)
                if bad_run != batch.position.bad_run:
                    await positions.store_bad_run(uow, tp, bad_run)
                moved[tp] = Position(moves[tp].end, bad_run, batch.position.pass_until)
            for record in records:
                if place_of(record) in unhandled:
                    self._add_dead_letter(uow, record, unhandled[place_of(record)].reason)
        metrics.BATCH_SECONDS.labels(self.service, self._topic).observe(time.monotonic() - started)
        metrics.RECORDS.labels(self.service, self._topic).inc(len(records))
        for each in unhandled.values():
            metrics.DEAD_LETTERS.labels(self.service, self._topic, each.kind).inc()
        return moved

    def _add_dead_letter(self, uow: UnitOfWork, record: Record, reason: str) -> None:
        headers = encode_headers(
            record.topic,
            record.partition,
            record.offset,
            record.key,
            reason,
            uow.now,
            [(k, v or b"") for k, v in record.headers],
        )
        key = dead_letter_key(record.topic, record.partition, record.offset)
        uow.add_dead_letter(dead_letter_topic(record.topic, self.service), key, record.value, headers)


def _move_over(batch: PartitionBatch) -> PositionMove:
    """The move of the position from the batch's beginning to its end."""
    youngest = max(record.timestamp for record in batch.records)
    return PositionMove(batch.position.next_offset, batch.records[-1].offset + 1, youngest)


def _bad_run(batch: PartitionBatch, unhandled: UnhandledRecords) -> int:
    """How many dead letters in a row there are at the end of the batch.

    :raises TooManyDeadLetters: when there are too many somewhere in it.
    """
    run = batch.position.bad_run
    for record in batch.records:
        if record.offset < batch.position.pass_until or place_of(record) not in unhandled:
            run = 0
        elif run == MAX_DEAD_LETTERS_IN_A_ROW:
            raise TooManyDeadLetters(record.offset)
        else:
            run += 1
    return run


class _RebalanceListener(ConsumerRebalanceListener):
    """Only pauses partitions and remembers them: aiokafka swallows exceptions of a listener, and fetches
    records while it awaits.
    """

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
