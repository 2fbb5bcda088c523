"""Live pages: one loop reads what changed from the database and sends it to each open browser.

The cost is bounded however much is imported or replayed: one read returns only the newest changes of each
tenant, reading takes a tenth of the time at most, and a browser that would need more learns that anything
may have changed.

FastAPI's own event stream (like sse-starlette's) ends neither with the access pass nor by tenant, and its
heartbeat works for generator routes alone; so only the response class and the format of the events are
FastAPI's.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

import msgspec
import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from shared.events import may_see
from shared.http.problems import Problem
from shared.http.staff_auth import Staff, seconds_left
from shared.runtime import pause, pause_for_either

MAX_CHANGES = 100
"""Changes of one tenant that one read returns: the newest. When there are as many, some may be missing."""
MAX_PENDING_EVENTS = 100
"""Of one slow browser. One event replaces more of them: anything may have changed."""
MAX_STREAMS_PER_SESSION = 20
MIN_READ_INTERVAL_S = 0.3
MAX_READ_INTERVAL_S = 5.0
"""After failures and slow reads, and without a notification: shorter than the window that a read covers."""
PAUSE_PER_READ = 9
"""The pause after a read is at least so many times as long as the read took."""
HEARTBEAT_INTERVAL_S = 15.0
RECONNECT_MS = 1000


@dataclass(frozen=True, slots=True)
class LiveChange:
    """A changed thing; each later change of the same thing has a higher version."""

    tenant: str
    id: str
    """All that browsers get of the change."""
    version: int
    segments: Sequence[str] = ()
    """The thing's segments: users who are limited to segments get the changes within theirs."""


ReadChanges = Callable[[Collection[str]], Awaitable[Sequence[LiveChange]]]
"""Reads the newest changes, at most ``MAX_CHANGES`` of each of these tenants."""


class ChangeSignal(Protocol):
    """Tells of changes in the database; ``shared.db.notifications`` has the implementation."""

    def waking(self, wake: asyncio.Event) -> AbstractContextManager[None]:
        """Set the event at each change while the block lasts."""
        ...


@dataclass(eq=False, slots=True)
class _LiveListener:
    """The stream of one browser."""

    tenant: str
    segments: Sequence[str]
    session: str = ""
    sent_versions: dict[str, int] = field(default_factory=dict)
    pending: deque[bytes] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def send(self, event: bytes) -> None:
        """Queue an event. When too many wait, ``_ANY_CHANGE`` replaces them all."""
        if len(self.pending) >= MAX_PENDING_EVENTS:
            self.pending.clear()
            self.pending.append(_ANY_CHANGE)
        self.pending.append(event)
        self.wake.set()

    def end(self) -> None:
        self.ended = True
        self.wake.set()

    def unsent(self, changes: Sequence[LiveChange]) -> list[LiveChange]:
        """The changes that this browser has not got; they count as sent from now on."""
        earlier, unsent = self.sent_versions, []
        # A change that has left the window never comes back in the same version, so only this read is
        # remembered.
        self.sent_versions = {}
        for change in changes:
            known = max(earlier.get(change.id, -1), self.sent_versions.get(change.id, -1))
            self.sent_versions[change.id] = max(known, change.version)
            if change.version > known:
                unsent.append(change)
        return unsent


class LiveFeed:
    """Sends changes to the browsers of their tenant.

    ``read`` returns the changes of the last seconds, again and again, of the tenants with open streams. So a
    transaction that commits late is not missed; no browser gets the same version twice. The loop runs while
    streams are open, and ends with ``stopping``.

    :param changes: wakes the loop when the database notifies a change; None: the loop polls.
    """

    def __init__(
        self,
        read: ReadChanges,
        stopping: asyncio.Event,
        changes: ChangeSignal | None = None,
        *,
        min_interval_s: float = MIN_READ_INTERVAL_S,
        heartbeat_s: float = HEARTBEAT_INTERVAL_S,
    ) -> None:
        self._read, self._stopping, self._changes = read, stopping, changes
        self._min_interval_s, self._heartbeat_s = min_interval_s, heartbeat_s
        self._listeners: set[_LiveListener] = set()
        self._wake = asyncio.Event()
        """Set when something changed, a stream opens, or the last one closes."""
        self._loop: asyncio.Task[None] | None = None
        self._offline = False
        self._log = structlog.get_logger()

    def response(self, request: Request, staff: Staff) -> StreamingResponse:
        """The stream for a user's browser, without the changes that they may not see.

        It ends with the access pass of this request, and the browser reconnects with its new pass: so a
        revoked session gets nothing after the lifetime of a pass.

        :raises Problem: 429 when the session has more streams than the browsers of one user need.
        """
        return self.stream(staff.tenant, staff.segments, seconds_left(request), staff.session_id)

    def stream(self, tenant: str, segments: Sequence[str], seconds: float, session: str) -> StreamingResponse:
        """The stream for one browser, as :meth:`listen` has it.

        :param session: of a user, or the id of what else opens streams.
        :raises Problem: 429 when the session has more streams than it needs.
        """
        if sum(listener.session == session for listener in self._listeners) >= MAX_STREAMS_PER_SESSION:
            raise Problem(429, headers={"Retry-After": "60"})
        return _EventStream(self.listen(tenant, segments, seconds, session))

    async def listen(
        self,
        tenant: str,
        segments: Sequence[str] = (),
        seconds: float | None = None,
        session: str = "",
    ) -> AsyncGenerator[bytes]:
        """Server-sent events: ``change``, ``offline`` and ``online``, and a comment as heartbeat.

        A ``change`` has the id of the changed thing; null: anything may have changed.

        :param segments: the only ones whose changes are sent; none: all changes.
        :param seconds: until the stream ends.
        """
        loop = asyncio.get_running_loop()
        ends_at = inf if seconds is None else loop.time() + seconds
        listener = _LiveListener(tenant, segments, session)
        self._listeners.add(listener)
        self._wake.set()
        if self._loop is None or self._loop.done():
            self._offline = False
            self._loop = asyncio.create_task(self._run(), name="live feed", context=_without_request_id())
        if self._offline:
            listener.send(_status("offline"))
        try:
            yield format_sse_event(retry=RECONNECT_MS, comment="hello")
            while not (listener.ended or self._stopping.is_set()) and (left := ends_at - loop.time()) > 0:
                if listener.pending:
                    yield listener.pending.popleft()
                    continue
                listener.wake.clear()
                try:
                    async with asyncio.timeout(min(self._heartbeat_s, left)):
                        await listener.wake.wait()
                except TimeoutError:
                    yield KEEPALIVE_COMMENT
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._wake.set()

    async def _run(self) -> None:
        try:
            with self._changes.waking(self._wake) if self._changes else nullcontext():
                await self._read_and_deliver()
        finally:
            if self._stopping.is_set():
                for listener in self._listeners:
                    listener.end()

    async def _read_and_deliver(self) -> None:
        pause_s, clock = self._min_interval_s, asyncio.get_running_loop().time
        while self._listeners and not self._stopping.is_set():
            self._wake.clear()
            began = clock()
            try:
                changes = await self._read({listener.tenant for listener in self._listeners})
            except Exception as error:  # noqa: BLE001  (whatever the error, pages stay open and the read is retried)
                self._log.warning("live_read_failed", error=type(error).__name__)
                pause_s = min(pause_s * 2, MAX_READ_INTERVAL_S)
                if not self._offline:
                    self._send_all("offline")
                self._offline = True
            else:
                if self._offline:
                    self._send_all("online")
                pause_s = max(
                    self._min_interval_s, min(MAX_READ_INTERVAL_S, PAUSE_PER_READ * (clock() - began))
                )
                self._offline = False
                self._deliver(changes)
            await pause(self._stopping, pause_s)
            if self._changes and not self._offline:
                await pause_for_either(self._wake, self._stopping, MAX_READ_INTERVAL_S)

    def _send_all(self, status: str) -> None:
        for listener in self._listeners:
            listener.send(_status(status))

    def _deliver(self, changes: Sequence[LiveChange]) -> None:
        by_tenant: dict[str, list[LiveChange]] = {}
        for change in changes:
            by_tenant.setdefault(change.tenant, []).append(change)
        for listener in self._listeners:
            own = by_tenant.get(listener.tenant, ())
            unsent = listener.unsent(own)
            if unsent and len(own) >= MAX_CHANGES:  # some may be missing, of any segment
                listener.send(_ANY_CHANGE)
                continue
            for change in unsent:
                if may_see(listener.segments, change.segments):
                    listener.send(_change(change.id, change.version))


def _change(thing: str | None, version: int = 0) -> bytes:
    data = msgspec.json.encode({"id": thing}).decode()
    return format_sse_event(data_str=data, event="change", id=f"{thing or ''}:{version}")


_ANY_CHANGE = _change(None)


def _status(event: str) -> bytes:
    return format_sse_event(data_str="{}", event=event)


def _without_request_id() -> contextvars.Context:
    """The loop serves all browsers, so its log lines carry no request's id."""
    context = contextvars.copy_context()
    context.run(structlog.contextvars.unbind_contextvars, "request_id")
    return context


class _EventStream(EventSourceResponse):
    """Closes its generator when the browser leaves, instead of leaving that to the garbage collector."""

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)
