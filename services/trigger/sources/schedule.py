"""The loop that shares the running sources among the trigger's workers, and reads this worker's share.

A lease says which worker reads a source, so that two do not do the same work; what keeps them from taking the
same in is the stored position.
"""

import asyncio
import math
import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import structlog

from services.trigger.sources.cluster import cluster_id_of
from services.trigger.sources.domain import Source
from services.trigger.sources.reading import INTERVALS, ReaderIntervals, ReaderSettings, SourceReading
from services.trigger.sources.repository import faults as fault_rows
from services.trigger.sources.repository import workers as worker_rows
from shared.diagnosis import describe
from shared.errors import is_retryable
from shared.limits import TOPIC_RETENTION
from shared.outbound.address_guard import AddressGuard
from shared.runtime import Backoff, pause
from shared.service import Context, Loops
from shared.tenancy.tenants import find_tenants

log = structlog.get_logger()

SOURCES_LOOP = "sources"
STEP_INTERVAL_S = 2.0
LEASE = timedelta(seconds=15)
"""After which another worker takes over from one that is gone."""
FINISH_TIMEOUT_S = 4.0
"""For the batch in hand, when a reading is stopped."""
TIDY_STEPS = 900
"""So many steps from one removal of old dead letters to the next: half an hour."""

Key = tuple[str, UUID]


@dataclass
class _Running:
    """A source that this process reads."""

    source: Source
    stopping: asyncio.Event
    task: asyncio.Task[None]


@dataclass
class SourcesLoop:
    """Reads this worker's share of the sources."""

    context: Context
    name: str = field(default_factory=lambda: f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}")
    step_interval_s: float = STEP_INTERVAL_S
    intervals: ReaderIntervals = INTERVALS
    _running: dict[Key, _Running] = field(default_factory=dict)
    _own_cluster: str | None = None
    _steps: int = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until stopped; then leave the sources to other workers at once."""
        health, backoff = self.context.health, Backoff()
        try:
            while not stopping.is_set():
                health.tick(SOURCES_LOOP)
                try:
                    await self._step()
                except Exception as error:
                    if not is_retryable(error):
                        raise
                    health.set_unready(SOURCES_LOOP, describe(error))
                    await pause(stopping, backoff.next())
                else:
                    backoff.reset()
                    health.set_ready(SOURCES_LOOP)
                    await pause(stopping, self.step_interval_s)
        finally:
            await self._stop([*self._running])
            health.forget(SOURCES_LOOP)
        await self._leave()

    async def _step(self) -> None:
        async with self.context.database.transaction() as uow:
            shares = await worker_rows.see_worker(uow, self.name, LEASE)
            held = await worker_rows.renew(uow, self.name, LEASE)
            share = math.ceil(shares.running / max(shares.workers, 1))
            if len(held) < share:
                held += await worker_rows.claim(uow, self.name, LEASE, share - len(held))
            if self._steps % TIDY_STEPS == 0:
                await fault_rows.delete_old_faults(uow, uow.now - TOPIC_RETENTION)
            surplus, held = held[share:], held[:share]
            tenants = await find_tenants(uow, [each.tenant for each in held])
        self._steps += 1
        wanted = {(each.tenant, each.id): each for each in held}
        await self._stop(
            key
            for key, each in self._running.items()
            if key not in wanted or wanted[key].revision != each.source.revision or each.task.done()
        )
        for source in surplus:
            await self._release(source)
        new = [each for key, each in wanted.items() if key not in self._running]
        if not new:
            return
        if self._own_cluster is None:
            self._own_cluster = await cluster_id_of(self.context.afterword.kafka)
        settings = replace(
            reader_settings(self.context, self.name, self._own_cluster), intervals=self.intervals
        )
        for source in new:
            tenant = tenants.get(source.tenant)
            self._start(SourceReading(settings, source, tenant.country if tenant else None), source)

    def _start(self, reading: SourceReading, source: Source) -> None:
        stopping = asyncio.Event()
        task = asyncio.create_task(reading.run(stopping), name=f"source {source.id}")
        self._running[source.tenant, source.id] = _Running(source, stopping, task)

    async def _stop(self, keys: Iterable[Key]) -> None:
        """Stop these readings: the batch in hand is finished, what waits for a server is cancelled."""
        stopped = [self._running.pop(key) for key in list(keys)]
        if not stopped:
            return
        for each in stopped:
            each.stopping.set()
        _, late = await asyncio.wait([each.task for each in stopped], timeout=FINISH_TIMEOUT_S)
        for task in late:
            task.cancel()
        results = await asyncio.gather(*(each.task for each in stopped), return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                log.error("source_reading_died", error=type(error).__name__)

    async def _release(self, source: Source) -> None:
        async with self.context.database.transaction() as uow:
            await worker_rows.release(uow, source, self.name)

    async def _leave(self) -> None:
        """Let other workers take over at once; without it they do when the leases end."""
        try:
            async with self.context.database.transaction() as uow:
                for source in await worker_rows.renew(uow, self.name, LEASE):
                    await worker_rows.release(uow, source, self.name)
                await worker_rows.forget_worker(uow, self.name)
        except Exception as error:
            if not is_retryable(error):
                raise
            log.warning("sources_not_released", error=type(error).__name__)


def reader_settings(context: Context, worker: str, own_cluster: str | None) -> ReaderSettings:
    """What reads sources in this process."""
    return ReaderSettings(
        context.database,
        worker,
        context.secret,
        AddressGuard.of(context.afterword.outbound_networks),
        own_cluster,
    )


def source_loops(context: Context) -> Loops:
    """The trigger's loops beside its relay."""
    return {SOURCES_LOOP: SourcesLoop(context).run}
