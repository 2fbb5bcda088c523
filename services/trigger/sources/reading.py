"""Reads one source: each batch is one transaction, whose first statement moves the positions.

Whatever goes wrong with one source is its own affair: it is shown on its page, and tried again after a while.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import structlog

from services.trigger.sources.cluster import SourceCluster
from services.trigger.sources.domain import Secrets, Source
from services.trigger.sources.problems import ProblemCode, SourceProblem, problem_of
from services.trigger.sources.record_reader import RecordReader
from services.trigger.sources.registry import RegistryUnavailable, SchemaRegistry
from services.trigger.sources.repository import faults as fault_rows
from services.trigger.sources.repository import positions as position_rows
from services.trigger.sources.repository import workers as worker_rows
from services.trigger.sources.repository.positions import Move, StoredPosition
from services.trigger.sources.sealing import opened
from services.trigger.sources.taking import Batch, Judge, ReadPosition, add_letters
from services.trigger.sources.topic_checks import parts_of_another_topic, problem_of_position
from shared.db.database import Database
from shared.errors import is_retryable
from shared.events import TRANSACTIONS
from shared.kafka.kernel.handling import Record
from shared.kafka.kernel.source_letters import SOURCES
from shared.outbound.address_guard import AddressGuard
from shared.runtime import Backoff, pause
from shared.sealed import SealBroken
from shared.telemetry import metrics

log = structlog.get_logger()

MAX_BATCH_RECORDS = 1_000
MIN_FULL_RECORDS = 200
"""A batch of so many is worth a transaction of its own; fewer wait for those that come meanwhile."""
FETCH_WAIT_MS = 300
MIN_BATCH_INTERVAL_S = 0.05
"""From one transaction to the next while batches are small."""
STATUS_INTERVAL_S = 5.0
TOPIC_INTERVAL_S = 30.0
"""After so long the topic is looked at again: it may have more partitions."""
MAX_BACKOFF_S = 60.0
MAX_OUTBOX_ROWS = 20_000
"""While more wait for the relay, none are added: our broker's absence must not fill the database."""
OUTBOX_CHECK_RECORDS = 5_000


class _Fenced(Exception):
    """Another worker reads the source, or it was changed: nothing of the batch was taken in."""


class ReaderIntervals(NamedTuple):
    """How often a reader shows how it stands, and looks at the topic, in seconds."""

    status_s: float = STATUS_INTERVAL_S
    topic_s: float = TOPIC_INTERVAL_S


INTERVALS = ReaderIntervals()


@dataclass(frozen=True)
class ReaderSettings:
    """What the readers of all sources of a worker have in common."""

    database: Database
    worker: str
    secret: str = field(repr=False)
    guard: AddressGuard
    own_cluster: str | None
    """The id of the cluster of this installation."""
    intervals: ReaderIntervals = INTERVALS


class SourceReading:
    """The reading of one source at one revision, by one worker."""

    def __init__(self, settings: ReaderSettings, source: Source, country: str | None) -> None:
        self._settings = settings
        self._database = settings.database
        self._source = source
        self._country = country
        self._positions: dict[int, ReadPosition] = {}
        self._stopped: dict[int, ProblemCode] = {}
        """Partitions that wait for somebody, and why."""
        self._writing: asyncio.Task[None] | None = None
        """The batch before the one that is judged, while it is written."""
        self._problem: ProblemCode | None = None
        """Of the last try: it stays shown until something was read again."""
        self._backoff = Backoff(MAX_BACKOFF_S)
        self._since_check = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until stopped; a batch that has begun is finished first."""
        while not stopping.is_set():
            try:
                await self._read(stopping)
            except _Fenced:
                metrics.FENCED.labels("trigger", SOURCES).inc()
                await pause(stopping, 1.0)
            except Exception as error:  # noqa: BLE001  (it is shown and logged; the other sources go on)
                await self._report_failure(error)
                await pause(stopping, self._backoff.next())

    async def _report_failure(self, error: Exception) -> None:
        """Show on the page what is wrong with the source. An error of our own servers is none of it."""
        known = isinstance(error, SourceProblem | RegistryUnavailable)
        code = problem_of(error) if known else None
        log.warning(
            "source_not_read",
            tenant=self._source.tenant,
            source=str(self._source.id),
            problem=code,
            error=type(error).__name__,
        )
        if code is None:
            metrics.LOOP_FAILURES.labels("sources").inc()
            if is_retryable(error):
                return
            code = "internal"
        self._problem = code
        try:
            await self._write_status(None, code)
        except Exception as unwritten:
            if not is_retryable(unwritten):
                raise
            log.warning("source_status_not_written", error=type(unwritten).__name__)

    async def _read(self, stopping: asyncio.Event) -> None:
        source, settings = self._source, self._settings
        try:
            secrets = opened(settings.secret, source)
        except SealBroken as error:
            raise SourceProblem("secrets") from error
        reader = record_reader(source, secrets, settings.guard)
        judge = Judge(source, reader, settings.secret, self._country)
        source_cluster = SourceCluster(source, secrets, settings.guard, settings.own_cluster)
        async with source_cluster.connected() as cluster:
            parts = await cluster.partitions()
            await self._claim(cluster, parts)
            cluster.assign({part: each.next_offset for part, each in self._positions.items()})
            await self._take_until(cluster, reader, judge, parts, stopping)

    async def _take_until(
        self,
        cluster: SourceCluster,
        reader: RecordReader,
        judge: Judge,
        parts: Sequence[int],
        stopping: asyncio.Event,
    ) -> None:
        """Take in what comes, until stopped or until the topic has other partitions."""
        try:
            await self._take_all(cluster, reader, judge, parts, stopping)
        except asyncio.CancelledError:
            if self._writing is not None:
                self._writing.cancel()
            raise
        finally:
            await self._written()

    async def _take_all(
        self,
        cluster: SourceCluster,
        reader: RecordReader,
        judge: Judge,
        parts: Sequence[int],
        stopping: asyncio.Event,
    ) -> None:
        status_at, topic_at = time.monotonic(), time.monotonic() + self._settings.intervals.topic_s
        while not stopping.is_set():
            if self._writing is not None and self._writing.done():
                await self._written()  # an error of it is known while nothing comes
            if time.monotonic() >= topic_at:
                if await cluster.partitions() != parts:
                    return
                topic_at = time.monotonic() + self._settings.intervals.topic_s
            if time.monotonic() >= status_at:
                await self._measure(cluster, parts)
                status_at = time.monotonic() + self._settings.intervals.status_s
            if not self._positions:
                await pause(stopping, 1.0)
                continue
            began = time.monotonic()
            fetched = await cluster.fetch(wait_ms=FETCH_WAIT_MS, most=MAX_BATCH_RECORDS)
            fetched = {part: records for part, records in fetched.items() if part in self._positions}
            if not fetched or stopping.is_set():
                self._problem = None
                continue
            await self._refuse_losses(cluster, fetched)
            taken = await self._take(cluster, reader, judge, fetched)
            self._problem = None
            if taken < MIN_FULL_RECORDS:
                await pause(stopping, began + MIN_BATCH_INTERVAL_S - time.monotonic())
            await self._wait_for_relay(taken, stopping)

    async def _claim(self, cluster: SourceCluster, parts: Sequence[int]) -> None:
        """Find where each partition begins, and whether that place is still in the topic."""
        beginnings, ends = await cluster.beginnings(parts), await cluster.ends(parts)
        async with self._database.reading() as uow:
            stored = await position_rows.positions_of(uow, self._source)
        unknown = [part for part in parts if part not in stored or stored[part].next_offset is None]
        if unknown:
            starts = await self._starts(cluster, unknown, stored, beginnings, ends)
            async with self._database.transaction() as uow:
                await position_rows.set_positions(uow, self._source, starts)
                stored = await position_rows.positions_of(uow, self._source)
        self._positions.clear()
        self._stopped.clear()
        at = {part: stored[part] for part in parts}
        for part, position in at.items():
            problem = problem_of_position(position, beginnings[part], ends[part])
            if problem is not None:
                self._stopped[part] = problem
            else:
                self._positions[part] = ReadPosition(position.next_offset or 0, position.bad_run)
        if self._reads_all:
            read = {part: at[part] for part in self._positions if at[part].max_ts > 0}
            for part in await parts_of_another_topic(cluster, read):
                del self._positions[part]
                self._stopped[part] = "another_topic"

    @property
    def _reads_all(self) -> bool:
        return self._source.read_from == "oldest"

    async def _starts(
        self,
        cluster: SourceCluster,
        parts: Sequence[int],
        stored: Mapping[int, StoredPosition],
        beginnings: Mapping[int, int],
        ends: Mapping[int, int],
    ) -> dict[int, int]:
        """Where partitions without a position begin. One that was added later begins at its first record."""
        chosen = [part for part in parts if not stored or part in stored]
        added = {part: beginnings[part] for part in parts if part not in chosen}
        match self._source.read_from:
            case "oldest":
                return added | {part: beginnings[part] for part in chosen}
            case "newest":
                return added | {part: ends[part] for part in chosen}
            case moment:
                time_ms = int(datetime.fromisoformat(moment).timestamp() * 1_000)
                found = await cluster.at_times(dict.fromkeys(chosen, time_ms))
                return added | {part: (found.get(part) or (ends[part], 0))[0] for part in chosen}

    async def _refuse_losses(self, cluster: SourceCluster, fetched: dict[int, Sequence[Record]]) -> None:
        """Stop at a gap that retention left: records that nobody has read are a loss, never skipped.

        Compaction and transactions leave gaps, too, which are none.
        """
        gaps = [
            part for part, records in fetched.items() if records[0].offset > self._positions[part].next_offset
        ]
        if not gaps:
            return
        for part, beginning in (await cluster.beginnings(gaps)).items():
            if beginning > self._positions[part].next_offset:
                del fetched[part]
                self._stop(cluster, part, "lost")

    def _stop(self, cluster: SourceCluster, part: int, problem: ProblemCode) -> None:
        cluster.pause(part)
        self._positions.pop(part, None)
        self._stopped[part] = problem
        log.warning("source_partition_stopped", source=str(self._source.id), partition=part, problem=problem)

    async def _take(
        self,
        cluster: SourceCluster,
        reader: RecordReader,
        judge: Judge,
        fetched: Mapping[int, Sequence[Record]],
    ) -> int:
        """Judge a batch while the one before is written, and begin to write it; returns how many records it
        has.

        When that fails, everything behind what is stored is read again.
        """
        await reader.prepare(record.value for records in fetched.values() for record in records)
        batch = await judge.batch(fetched, self._positions, self._database.clock())
        if not batch.moves:
            return 0
        for part, move in batch.moves.items():
            self._positions[part] = ReadPosition(move.end, move.bad_run)
        for part in batch.fused:
            self._stop(cluster, part, "misfits")
        await self._written()
        self._writing = asyncio.create_task(self._write(batch), name=f"source {self._source.id} writes")
        return batch.records

    async def _written(self) -> None:
        """Return when nothing is being written any more.

        :raises _Fenced: when nothing of it was taken in.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    async def _write(self, batch: Batch) -> None:
        """Take in a batch, all or nothing."""
        with metrics.BATCH_SECONDS.labels("trigger", SOURCES).time():
            await self._store(batch)
        self._backoff.reset()
        metrics.RECORDS.labels("trigger", SOURCES).inc(batch.records)
        for fault in batch.faults:
            kind = "unreadable" if fault.field == "/" else "impossible"
            metrics.DEAD_LETTERS.labels("trigger", SOURCES, kind).inc()

    async def _store(self, batch: Batch) -> None:
        async with self._database.transaction() as uow:
            if not await position_rows.move(uow, self._source, batch.moves):
                raise _Fenced
            for key, value in batch.events:
                uow.publish_encoded(TRANSACTIONS.name, key, value)
            if batch.faults:
                await fault_rows.add_faults(uow, self._source, batch.faults)
                add_letters(uow, self._source, batch)

    async def _wait_for_relay(self, taken: int, stopping: asyncio.Event) -> None:
        self._since_check += taken
        if self._since_check < OUTBOX_CHECK_RECORDS:
            return
        self._since_check = 0
        while not stopping.is_set():
            async with self._database.reading() as uow:
                waiting = await worker_rows.outbox_rows(uow)
            if waiting < MAX_OUTBOX_ROWS:
                return
            await pause(stopping, 0.2)

    async def _measure(self, cluster: SourceCluster, parts: Sequence[int]) -> None:
        """Show how far behind the source is, and what keeps partitions of it from being read."""
        ends = await cluster.ends(parts)
        await self._pass_unreadable(cluster)
        async with self._database.reading() as uow:
            stored = await position_rows.positions_of(uow, self._source)
        lag = sum(
            max(ends[part] - (each.next_offset or 0), 0) for part, each in stored.items() if part in ends
        )
        await self._write_status(lag, next(iter(self._stopped.values()), self._problem))

    async def _pass_unreadable(self, cluster: SourceCluster) -> None:
        """Move the positions over offsets that no reader gets a record of: else they count as lag for ever,
        and as a loss once retention has removed them.

        All records before the cluster's position were judged: nothing is fetched meanwhile.
        """
        moves: dict[int, Move] = {}
        for part, each in self._positions.items():
            passed = await cluster.position(part)
            if passed > each.next_offset:
                moves[part] = Move(each.next_offset, passed, 0, each.bad_run, 0, 0, 0)
        if not moves:
            return
        await self._written()
        async with self._database.transaction() as uow:
            if not await position_rows.move(uow, self._source, moves):
                raise _Fenced
        for part, move in moves.items():
            self._positions[part] = ReadPosition(move.end, move.bad_run)

    async def _write_status(self, lag: int | None, problem: ProblemCode | None) -> None:
        async with self._database.transaction() as uow:
            await worker_rows.write_status(uow, self._source, self._settings.worker, lag=lag, problem=problem)


def record_reader(source: Source, secrets: Secrets, guard: AddressGuard) -> RecordReader:
    """What reads the records of a source."""
    registry = source.reading.registry
    if registry is None:
        return RecordReader(source, None)
    schemas = SchemaRegistry(registry, secrets.registry_password, source.reading.format, guard)
    return RecordReader(source, schemas)
