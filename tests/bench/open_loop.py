"""An open loop: requests are sent when they are due, however many responses are still missing.

A response time counts from the moment at which the request was due. So a server that stalls for a second costs
every request of that second, and not only the one that a closed loop would have waited with.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

from bench.closed_loop import length_of

CLIENT_ADDRESSES = 64
"""Loopback addresses that the connections come from: the API may slow down an address that sends too much."""


def arrivals(rate: float, seconds: float, seed: str) -> list[float]:
    """Due times by a Poisson process, as of independent customers; the same in each run."""
    chance = random.Random(seed)
    found, at = [], chance.expovariate(rate)
    while at < seconds:
        found.append(at)
        at += chance.expovariate(rate)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed; 0 without values."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)] if values else 0.0


class _PooledConnection(asyncio.Protocol):
    """A kept-alive connection with at most one request under way."""

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
            self._waiting.set_exception(error or ConnectionResetError("closed before the response"))

    def close(self) -> None:
        self._transport.close()

    @property
    def closed(self) -> bool:
        """Whether the server has closed it, as it does after some idle seconds."""
        return self._transport.is_closing()


class ConnectionPool:
    """Connections to one API; a request that finds none free waits for the next."""

    def __init__(self, origin: str) -> None:
        self._place = urlsplit(origin)
        self._free: deque[_PooledConnection] = deque()
        self._queue: deque[asyncio.Future[_PooledConnection]] = deque()
        self._made = 0

    async def open(self, count: int) -> None:
        self._free.extend([await self._connect() for _ in range(count)])

    def close(self) -> None:
        while self._free:
            self._free.pop().close()

    async def _connect(self) -> _PooledConnection:
        self._made += 1
        _, line = await asyncio.get_running_loop().create_connection(
            _PooledConnection, self._place.hostname or "", self._place.port or 80,
            local_addr=(f"127.0.0.{10 + self._made % CLIENT_ADDRESSES}", 0),
        )  # fmt: skip
        return line

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return the status and the body of its response."""
        if self._free:
            line = self._free.popleft()
        else:
            turn: asyncio.Future[_PooledConnection] = asyncio.get_running_loop().create_future()
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
async def connection_pool(origin: str, count: int) -> AsyncIterator[ConnectionPool]:
    """A pool whose connections are opened beforehand and closed at the end."""
    made = ConnectionPool(origin)
    await made.open(count)
    try:
        yield made
    finally:
        made.close()


async def send_when_due(
    through: ConnectionPool, requests: Sequence[bytes], at: Sequence[float]
) -> tuple[float, list[int]]:
    """Send each request when it is due; return the start of the due times and the status of each response."""
    began = time.time()
    under_way = []
    for request, due in zip(requests, at, strict=True):
        if (wait := began + due - time.time()) > 0:
            await asyncio.sleep(wait)
        under_way.append(asyncio.create_task(through.ask(request)))
    return began, [status for status, _ in await asyncio.gather(*under_way)]
