"""An open loop: requests leave when they are due, whoever still waits for an answer.

A time counts from the moment at which the request was due. So a server that stands still for a second costs
everybody who came in that second, and not only the one whom a closed loop would have left waiting.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

from bench.load import length_of

PLACES = 64
"""Addresses of the loopback that the connections come from: a door may slow a place that hurries."""


def arrivals(rate: float, seconds: float, seed: str) -> list[float]:
    """When they come: a Poisson process, as of customers who know nothing of each other; the same each time."""
    chance = random.Random(seed)
    found, at = [], chance.expovariate(rate)
    while at < seconds:
        found.append(at)
        at += chance.expovariate(rate)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many are not above; of none it is 0."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)] if values else 0.0


class _Line(asyncio.Protocol):
    """A connection that is kept, with one request under way at most."""

    def __init__(self) -> None:
        self._got = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < length_of(head):
            return
        self._got = b""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("closed while we waited"))

    def close(self) -> None:
        self._transport.close()

    @property
    def closed(self) -> bool:
        """A server closes what was idle for seconds."""
        return self._transport.is_closing()


class Lines:
    """Connections to one door; who finds none free waits for the next."""

    def __init__(self, origin: str) -> None:
        self._place = urlsplit(origin)
        self._free: deque[_Line] = deque()
        self._queue: deque[asyncio.Future[_Line]] = deque()
        self._made = 0

    async def open(self, count: int) -> None:
        self._free.extend([await self._connect() for _ in range(count)])

    def close(self) -> None:
        while self._free:
            self._free.pop().close()

    async def _connect(self) -> _Line:
        self._made += 1
        _, line = await asyncio.get_running_loop().create_connection(
            _Line, self._place.hostname or "", self._place.port or 80,
            local_addr=(f"127.0.0.{10 + self._made % PLACES}", 0),
        )  # fmt: skip
        return line

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        if self._free:
            line = self._free.popleft()
        else:
            turn: asyncio.Future[_Line] = asyncio.get_running_loop().create_future()
            self._queue.append(turn)
            line = await turn
        try:
            line = await self._connect() if line.closed else line
            return await line.ask(request)
        finally:
            if self._queue:
                self._queue.popleft().set_result(line)
            else:
                self._free.append(line)


@asynccontextmanager
async def lines(origin: str, count: int) -> AsyncIterator[Lines]:
    """Connections that are made beforehand and closed at the end."""
    made = Lines(origin)
    await made.open(count)
    try:
        yield made
    finally:
        made.close()


async def send(through: Lines, requests: Sequence[bytes], at: Sequence[float]) -> tuple[float, list[int]]:
    """Send each request when it is due; the moment from which the dues count, and each answer's status."""
    began = time.time()
    under_way = []
    for request, due in zip(requests, at, strict=True):
        if (wait := began + due - time.time()) > 0:
            await asyncio.sleep(wait)
        under_way.append(asyncio.create_task(through.ask(request)))
    return began, [status for status, _ in await asyncio.gather(*under_way)]
