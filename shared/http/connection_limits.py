"""Connections that end: who owes us a request, its rest, or the reading of an answer, has so long."""

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.http.request_limits import ARRIVAL, Arrival

MAX_CONNECTIONS = 2_000
REFUSALS = {
    408: (b"Request Timeout", b"The request did not come in time."),
    431: (b"Request Header Fields Too Large", b"Address and headers are too large."),
    503: (b"Service Unavailable\r\nretry-after: 5", b"Too many connections are open. Try again in a moment."),
}
"""Reason, and headers if it has some; and words."""
Owed = Literal["head", "rest", "next"]


def most_connections() -> int:
    """Half of the files that this process may open: the database, the broker and the pages need some."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if files == resource.RLIM_INFINITY else max(min(MAX_CONNECTIONS, files // 2), 16)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Times in seconds. How slowly a body may come is ``RequestLimits``' to say, while somebody reads it."""

    head: float = 10.0
    """Until address and headers are whole: from connecting, later from their first byte."""
    head_bytes: int = 64 * 1024
    """Of an address and headers that are not whole yet."""
    rest: float = 5.0
    """Until a body is whole that nobody wants any more."""
    next: float = 5.0
    """Until the next request begins."""
    unread: float = 30.0
    """While the other side takes nothing of what is sent."""
    pipelined: int = 16
    """Requests that wait for the answer to one before them."""
    most: int = field(default_factory=most_connections)
    """Open connections. Beyond them the one that has owed us a request for longest gives way."""


class BoundedConnection(HttpToolsProtocol):
    """Uvicorn's connection with a deadline for whatever the client owes, and none for what we owe."""

    def __init__(
        self, *args: Any, limits: ConnectionLimits, waiting: "dict[BoundedConnection, None]", **kwargs: Any
    ) -> None:
        """``waiting`` is shared by a server's connections: those that owe something, the oldest first."""
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._waiting = waiting
        self._in_head = False
        self._head_bytes = 0
        self._whole = True
        self._arrival = Arrival()
        self._owed: Owed | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, and let another go when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.most:
            oldest = next(iter(self._waiting), None)
            if oldest is None:
                self._refuse(503)
            else:
                oldest.end()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._waiting.pop(self, None)
        for timer in (self._deadline, self._unread):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on."""
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
        self._in_head, self._head_bytes, self._whole = False, 0, False
        if len(self.pipeline) >= self._limits.pipelined:
            # Out of the parser, which stops there: no byte after it is taken for a part of another request.
            raise ConnectionAbortedError
        super().on_headers_complete()
        self._arrival = Arrival()
        self.scope[ARRIVAL] = self._arrival  # type: ignore[literal-required]

    def on_message_complete(self) -> None:
        self._whole = self._arrival.whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, unless an answer to an earlier request is under way."""
        if self._answering:
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """The other side does not read: it has a while to go on."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.unread, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def end(self) -> None:
        """The time is over for what is owed."""
        if self._owed == "head" and self._in_head:
            self._refuse(408)
        else:
            self._close()

    @property
    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _watch(self) -> None:
        """Give what the client owes now its deadline; a deadline that runs goes on."""
        owed: Owed | None
        if self._answering:
            owed = None
        elif not self._whole:
            owed = "rest"
        else:
            owed = "head" if self._in_head or self.cycle is None else "next"
        if owed == self._owed or self.transport.is_closing():
            return
        self._owed = owed
        self._waiting.pop(self, None)
        if owed is None:
            self._arm(None)
        else:
            self._waiting[self] = None
            self._arm(getattr(self._limits, owed), self.end)

    def _arm(self, seconds: float | None, act: Callable[[], None] = lambda: None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, act)

    def _refuse(self, status: int) -> None:
        """Say why and close; without a word where an answer is under way."""
        if not self._answering and not self.transport.is_closing():
            head, words = REFUSALS[status]
            self.transport.write(
                b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (status, head, len(words), words)
            )
        self._close()

    def _close(self) -> None:
        """Close it; what has not been taken by then is given up a while later."""
        self.transport.close()
        self._waiting.pop(self, None)
        self._arm(self._limits.unread, self.transport.abort)
