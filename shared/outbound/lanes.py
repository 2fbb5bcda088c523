"""Lanes: each receiver's messages are sent by one process, in order, and no lane waits for another.

1. Claim lanes whose next message is due: a lease makes each one this process's.
2. Serve each lane in a task of its own, with no transaction open while a message is under way.

A slow receiver holds one task. A process that dies leaves leases that expire.
"""

import asyncio
import ssl
from collections.abc import Coroutine
from contextlib import nullcontext
from datetime import timedelta
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

import httpcore
import structlog

from shared.db.database import Database, UnitOfWork
from shared.db.notifications import ChangeListener
from shared.errors import is_retryable
from shared.health import Health
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import guarded_pool
from shared.runtime import Periodic
from shared.telemetry import metrics

log = structlog.get_logger()
Sent = TypeVar("Sent")

POLL_INTERVAL_S = 0.5
MAX_LANES = 200
"""Served at the same time by one process."""
MAX_CLAIMED = 50
"""By one statement."""
LEASE = timedelta(seconds=60)
"""Longer than what is sent between two records."""
STOP_GRACE_S = 2.0
"""How long a request may still take when the process stops; it leaves six seconds for all."""


class Lane(NamedTuple):
    """A receiver that this process serves; another one may when the lease is another's."""

    tenant: str
    id: UUID
    lease_id: UUID


class LaneServer(Protocol):
    """What a loop of lanes sends, and how."""

    async def claim(self, uow: UnitOfWork, lease_id: UUID, lease: timedelta, limit: int) -> list[Lane]:
        """Claim lanes with a message that is due, of all companies."""

    async def serve(self, lane: Lane, stop: "StopSign") -> None:
        """Send what is due of a lane, in order, until nothing is, or the lane is another's."""


class StopSign:
    """Whether the process stops."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._limits: set[asyncio.Timeout] = set()
        """Of the requests that are being sent: without an end until the process stops."""

    @property
    def is_up(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._stopping.is_set()

    def hang_on(self, stopping: asyncio.Event) -> None:
        """Follow the process's own event."""
        self._stopping = stopping

    @property
    def event(self) -> asyncio.Event:
        """What is set when it is up."""
        return self._stopping

    async def unless_stopped(self, request: Coroutine[None, None, Sent]) -> Sent | None:
        """What became of a request; None: the process stops, and nobody knows."""
        limit = asyncio.timeout(STOP_GRACE_S if self.is_up else None)
        try:
            async with limit:
                self._limits.add(limit)
                return await request
        except TimeoutError:
            if limit.expired():
                return None
            raise
        finally:
            self._limits.discard(limit)

    def end_requests(self) -> None:
        """Give what is being sent a last moment."""
        ends_at = asyncio.get_running_loop().time() + STOP_GRACE_S
        for limit in self._limits:
            limit.reschedule(ends_at)


class Lanes:
    """A loop that serves lanes."""

    def __init__(
        self,
        name: str,
        server: LaneServer,
        database: Database,
        health: Health,
        *,
        poll_interval_s: float = POLL_INTERVAL_S,
        lease: timedelta = LEASE,
        listener: ChangeListener | None = None,
    ) -> None:
        """:param listener: wakes the loop when something is due; without one it only polls."""
        self._name = name
        self._server = server
        self._database = database
        self._health = health
        self._poll_interval_s = poll_interval_s
        self._lease = lease
        self._listener = listener
        self._due = asyncio.Event()
        self._stop = StopSign()
        self._served: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve lanes until stopped; what is being sent then may end if the receiver replies in time."""
        self._stop.hang_on(stopping)
        loop = Periodic(self._name, self.step, self._poll_interval_s, self._health, wake=self._due)
        try:
            with self._listener.waking(self._due) if self._listener is not None else nullcontext():
                await loop.run(stopping)
        finally:
            stopping.set()  # the process ends, whatever ended the loop
            await self._end_all()

    async def step(self) -> float | None:
        """Claim lanes that are due and serve each in a task; the seconds until the next claim."""
        self._end_served()
        free = min(MAX_LANES - len(self._served), MAX_CLAIMED)
        if free <= 0:
            return None
        async with self._database.transaction() as uow:
            claimed = await self._server.claim(uow, uuid7(), self._lease, free)
        for lane in claimed:
            self._served.add(asyncio.create_task(self._serve_or_leave(lane), name=f"{self._name} {lane.id}"))
        return 0 if len(claimed) == free else None

    async def _end_all(self) -> None:
        """Return when no lane is served any more: at once where the process has no time left."""
        self._stop.end_requests()
        try:
            if self._served:
                await asyncio.wait(self._served)
        finally:
            for task in self._served:
                task.cancel()

    def _end_served(self) -> None:
        """Forget the tasks that have ended; an error of one is that of the loop, which knows what to do."""
        ended = {task for task in self._served if task.done()}
        self._served -= ended
        for task in ended:
            task.result()

    async def _serve_or_leave(self, lane: Lane) -> None:
        """Serve a lane; one that fails is left to its lease, and harms no other."""
        try:
            await self._server.serve(lane, self._stop)
        except Exception as error:  # noqa: BLE001  (it is counted and logged, and the lane is tried again)
            if is_retryable(error):
                log.warning("lane_left", loop=self._name, about=str(lane.id), error=type(error).__name__)
                return
            metrics.LOOP_FAILURES.labels(self._name).inc()
            log.warning(
                "loop_step_failed",
                loop=self._name,
                tenant=lane.tenant,
                about=str(lane.id),
                error=type(error).__name__,
            )


def one_connection(
    guard: AddressGuard, trusted: ssl.SSLContext | None = None
) -> httpcore.AsyncConnectionPool:
    """What a lane sends over: one message in flight needs one connection.

    :param trusted: the authorities, where they are not to be read again for each lane.
    """
    return guarded_pool(guard, connections=1, trusted=trusted)
