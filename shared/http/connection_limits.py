"""Connections with deadlines: for a request, for the rest of it, and for reading a response."""

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.http.request_limits import ARRIVAL_KEY, Arrival
from shared.http.upgrades import NoUpgradeParser

MAX_CONNECTIONS = 2_000
MIN_CONNECTIONS = 16
REFUSALS = {
    408: (b"Request Timeout", b"The request did not come in time."),
    431: (b"Request Header Fields Too Large", b"Address and headers are too large."),
    503: (b"Service Unavailable\r\nretry-after: 5", b"Too many connections are open. Try again in a moment."),
}
"""By status: the reason phrase, with further headers if there are any, and the body."""
Awaited = Literal["head", "rest", "next"]
"""What we wait for: address and headers, the rest of the body, or the next request."""


def max_connections() -> int:
    """Half of the files that this process may open: database, broker and pages need some, too."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, files // 2), MIN_CONNECTIONS)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Deadlines and bounds of a connection; ``RequestLimits`` has the deadline of a body that is read."""

    head_s: float = 10.0
    """Until address and headers are complete: from the connection, later from their first byte."""
    head_bytes: int = 64 * 1024
    """Of an incomplete address with headers."""
    rest_s: float = 5.0
    """Until a body is complete that is no longer read."""
    next_s: float = 5.0
    """Until the next request begins."""
    unread_s: float = 30.0
    """While the client reads nothing of what we send."""
    pipelined_requests: int = 16
    """Requests that wait for the response to an earlier one."""
    connections: int = field(default_factory=max_connections)
    """Open at once. Beyond them the one that has kept us waiting longest is closed."""


class BoundedConnection(HttpToolsProtocol):
    """Uvicorn's connection, with a deadline while we wait for the client, and none while it waits for us."""

    def __init__(
        self, *args: Any, limits: ConnectionLimits, waiting: "dict[BoundedConnection, None]", **kwargs: Any
    ) -> None:
        """``waiting`` is shared by all connections of a server: those that we wait for, the longest first."""
        super().__init__(*args, **kwargs)
        self.parser = NoUpgradeParser(self)
        self._limits = limits
        self._waiting = waiting
        self._in_head = False
        self._head_bytes = 0
        self._complete = True
        self._arrival = Arrival()
        self._awaited: Awaited | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection; close another one when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            oldest = next(iter(self._waiting), None)
            if oldest is None:
                self._refuse(503)
            else:
                oldest.end()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._waiting.pop(self, None)
        for timer in (self._deadline, self._unread_deadline):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse(431)
        self._watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # the parser reads them again
        self._in_head, self._head_bytes, self._complete = False, 0, False
        if len(self.pipeline) >= self._limits.pipelined_requests:
            # Stops the parser here, so that no later byte is read as part of another request.
            raise ConnectionAbortedError
        super().on_headers_complete()
        self._arrival = Arrival()
        self.scope[ARRIVAL_KEY] = self._arrival  # type: ignore[literal-required]

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._complete = self._arrival.complete = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are not HTTP, unless the response to an earlier request is being sent."""
        if self._responding:
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """The client has stopped reading: it gets some time to go on."""
        super().pause_writing()
        self._unread_deadline = self.loop.call_later(self._limits.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread_deadline is not None:
            self._unread_deadline.cancel()

    def end(self) -> None:
        """Close the connection: its deadline has passed, or there are too many."""
        if self._awaited == "head" and self._in_head:
            self._refuse(408)
        else:
            self._close()

    @property
    def _responding(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _watch(self) -> None:
        """Set the deadline for what we wait for now; a deadline for the same thing goes on."""
        awaited: Awaited | None
        if self._responding:
            awaited = None
        elif not self._complete:
            awaited = "rest"
        else:
            awaited = "head" if self._in_head or self.cycle is None else "next"
        if awaited == self._awaited or self.transport.is_closing():
            return
        self._awaited = awaited
        self._waiting.pop(self, None)
        if awaited is None:
            self._arm(None)
        else:
            self._waiting[self] = None
            self._arm(getattr(self._limits, f"{awaited}_s"), self.end)

    def _arm(self, seconds: float | None, act: Callable[[], None] = lambda: None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, act)

    def _refuse(self, status: int) -> None:
        """Send the refusal and close; where a response is being sent, only close."""
        if not self._responding and not self.transport.is_closing():
            reason, text = REFUSALS[status]
            self.transport.write(
                b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (status, reason, len(text), text)
            )
        self._close()

    def _close(self) -> None:
        """Close the connection; what the client does not read is dropped after ``unread_s``."""
        self.transport.close()
        self._waiting.pop(self, None)
        self._arm(self._limits.unread_s, self.transport.abort)
