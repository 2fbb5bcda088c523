"""A closed loop: connections that each post again after their response. Lean, since it shares the cores."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit


@dataclass
class RoundTally:
    """The responses of one round."""

    until: float
    answered: int = 0
    wrong: list[bytes] = field(default_factory=list)
    """The first bytes of responses that were no success."""


class _Connection(asyncio.Protocol):
    def __init__(self, requests: "itertools.cycle[bytes]", tally: RoundTally) -> None:
        self._requests = requests
        self._tally = tally
        self._got = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or len(body) < length_of(head):
            return
        self._got = b""
        if not head.startswith(b"HTTP/1.1 2"):
            self._tally.wrong.append(head[:40] + body[:200])
        elif time.monotonic() < self._tally.until:
            self._tally.answered += 1
            self._transport.write(next(self._requests))
            return
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._tally.wrong.append(repr(error).encode())
        if not self.over.done():
            self.over.set_result(None)


async def post_for(seconds: float, origin: str, requests: Sequence[bytes], connections: int) -> float:
    """Successful responses a second.

    :raises RuntimeError: for any other response.
    """
    place = urlsplit(origin)
    loop = asyncio.get_running_loop()
    endless = itertools.cycle(requests)
    began = time.monotonic()
    tally = RoundTally(began + seconds)
    made = [
        await loop.create_connection(
            lambda: _Connection(endless, tally), place.hostname or "", place.port or 80
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.over for _, connection in made))
    if tally.wrong:
        raise RuntimeError(f"{len(tally.wrong)} failed responses, such as {tally.wrong[0]!r}")
    return tally.answered / seconds


def request(
    origin: str, path: str, body: bytes = b"", kind: str = "application/json", **headers: str
) -> bytes:
    """The bytes of a POST; without a body, of a GET."""
    method = "POST" if body else "GET"
    lines = [f"{method} {path} HTTP/1.1", f"host: {urlsplit(origin).netloc}", f"content-type: {kind}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def length_of(head: bytes) -> int:
    """The length of the body, by the response's head."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
