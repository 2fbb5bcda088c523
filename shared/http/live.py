"""Live pages: one loop asks the database what changed, each open browser gets what it has not had.

However much is imported or replayed, a stream costs little: a look reads only the newest changes of each
company and takes a tenth of the time at most; where more changed than that, browsers hear just so.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from math import inf

import msgspec
import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Receive, Scope, Send

from shared.events import may_see
from shared.http.problems import Problem
from shared.http.staff_auth import Staff, seconds_left

MAX_CHANGES = 100
"""Changes of one company that a look reads: the newest. When there are as many, some may be missing."""
MAX_PENDING = 100
"""Messages that wait for a slow browser; beyond them it is told once that anything may have changed."""
STREAMS_OF_SESSION = 20
HEARTBEAT = 15.0
SLOWEST = 5.0
RECONNECT_MS = 1000
REST_PER_READ = 9
"""How many times as long as it read the loop rests, at least."""


@dataclass(frozen=True, slots=True)
class LiveChange:
    """One thing that changed: a later change of the same thing has a higher version."""

    tenant: str
    id: str
    """The browser gets this and nothing else."""
    version: int
    segments: Sequence[str] = ()
    """Where it belongs: who is limited to segments hears of what lies in one of theirs."""


Read = Callable[[Collection[str]], Awaitable[Sequence[LiveChange]]]
"""The newest changes, :data:`MOST` at most, of each of these companies."""


@dataclass(eq=False, slots=True)
class _Listener:
    tenant: str
    segments: Sequence[str]
    session: str = ""
    had: dict[str, int] = field(default_factory=dict)
    pending: deque[bytes] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def give(self, message: bytes) -> None:
        """Queue a message. Who is too slow for so many gets one in their place: anything may have changed."""
        if len(self.pending) >= MAX_PENDING:
            self.pending.clear()
            self.pending.append(_ANYTHING)
        self.pending.append(message)
        self.wake.set()

    def end(self) -> None:
        self.over = True
        self.wake.set()


class LiveFeed:
    """Sends changes to the browsers of their tenant.

    ``read`` returns what changed in the last seconds, again and again, of the companies whose people
    listen; a late commit is therefore never missed, and nobody gets the same version twice in a row. The
    loop runs only while somebody listens, and ends with ``stopping``.
    """

    def __init__(
        self, read: Read, stopping: asyncio.Event, every: float = 0.3, heartbeat: float = HEARTBEAT
    ) -> None:
        self._read, self._stopping, self._every, self._heartbeat = read, stopping, every, heartbeat
        self._listeners: set[_Listener] = set()
        self._loop: asyncio.Task[None] | None = None
        self._offline = False
        self._log = structlog.get_logger()

    def response(self, request: Request, staff: Staff) -> StreamingResponse:
        """The stream for the browser of somebody signed in, without what they may not see.

        It ends with the pass of this request, and the browser comes again with its new one: so a revoked
        session hears nothing after five minutes.

        :raises Problem: 429 when the session has so many streams that no browser of a person needs.
        """
        session = staff.session_id
        if sum(listener.session == session for listener in self._listeners) >= STREAMS_OF_SESSION:
            raise Problem(429, headers={"Retry-After": "60"})
        return _Stream(self.listen(staff.tenant, staff.segments, seconds_left(request), session))

    async def listen(
        self,
        tenant: str,
        segments: Sequence[str] = (),
        seconds: float | None = None,
        session: str = "",
    ) -> AsyncGenerator[bytes]:
        """Server-sent events: ``change`` with the id of what changed (null: it can be anything),
        ``offline`` and ``online``, and a comment as heartbeat. No segments: not limited.
        """
        loop = asyncio.get_running_loop()
        ends = inf if seconds is None else loop.time() + seconds
        listener = _Listener(tenant, segments, session)
        self._listeners.add(listener)
        if self._loop is None or self._loop.done():
            self._offline = False
            self._loop = asyncio.create_task(self._poll(), name="live feed", context=_nobodys())
        if self._offline:
            listener.give(_said("offline"))
        try:
            yield format_sse_event(retry=RECONNECT_MS, comment="hello")
            while not (listener.over or self._stopping.is_set()) and (rest := ends - loop.time()) > 0:
                if listener.pending:
                    yield listener.pending.popleft()
                    continue
                listener.wake.clear()
                try:
                    async with asyncio.timeout(min(self._heartbeat, rest)):
                        await listener.wake.wait()
                except TimeoutError:
                    yield KEEPALIVE_COMMENT
        finally:
            self._listeners.discard(listener)

    async def _poll(self) -> None:
        pause, clock = self._every, asyncio.get_running_loop().time
        try:
            while self._listeners and not self._stopping.is_set():
                began = clock()
                try:
                    changes = await self._read({listener.tenant for listener in self._listeners})
                except Exception as error:  # noqa: BLE001  (whatever the read met, the pages stay open and it is tried again)
                    self._log.warning("live_read_failed", error=type(error).__name__)
                    pause = min(pause * 2, SLOWEST)
                    if not self._offline:
                        self._tell_all("offline")
                    self._offline = True
                else:
                    if self._offline:
                        self._tell_all("online")
                    pause = max(self._every, min(SLOWEST, REST_PER_READ * (clock() - began)))
                    self._offline = False
                    self._deliver(changes)
                await self._rest(pause)
        finally:
            if self._stopping.is_set():
                for listener in self._listeners:
                    listener.end()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _tell_all(self, event: str) -> None:
        for listener in self._listeners:
            listener.give(_said(event))

    def _deliver(self, changes: Sequence[LiveChange]) -> None:
        # Of a company with as many changes as a look reads some may be missing, for whomever.
        by_tenant: dict[str, list[LiveChange]] = {}
        for change in changes:
            by_tenant.setdefault(change.tenant, []).append(change)
        for listener in self._listeners:
            own = by_tenant.get(listener.tenant, ())
            fresh = _fresh(listener, own)
            if fresh and len(own) >= MAX_CHANGES:
                listener.give(_ANYTHING)
                continue
            for change in fresh:
                if may_see(listener.segments, change.segments):
                    listener.give(_changed(change.id, change.version))


def _fresh(listener: _Listener, changes: Sequence[LiveChange]) -> list[LiveChange]:
    """What a listener has not had; afterwards it has."""
    had, found = listener.had, []
    # What has left the window cannot come again in the same version, so the memory is as small as the window.
    listener.had = {}
    for change in changes:
        known = max(had.get(change.id, -1), listener.had.get(change.id, -1))
        listener.had[change.id] = max(known, change.version)
        if change.version > known:
            found.append(change)
    return found


def _changed(thing: str | None, version: int = 0) -> bytes:
    data = msgspec.json.encode({"id": thing}).decode()
    return format_sse_event(data_str=data, event="change", id=f"{thing or ''}:{version}")


_ANYTHING = _changed(None)


def _said(event: str) -> bytes:
    return format_sse_event(data_str="{}", event=event)


def _nobodys() -> contextvars.Context:
    """The loop serves all browsers, so its log lines carry no request's id."""
    context = contextvars.copy_context()
    context.run(structlog.contextvars.unbind_contextvars, "request_id")
    return context


class _Stream(StreamingResponse):
    """Closes its generator when the browser goes, instead of leaving that to the garbage collector."""

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(events, headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)
