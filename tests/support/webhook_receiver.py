"""An endpoint of a company for tests: it keeps what comes, and answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec


class Received(NamedTuple):
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Of the message."""
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        """What it holds."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True)
class Reply:
    """What the endpoint answers."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: asyncio.Event | None = None
    """Only when this is set."""
    delay_s: float = 0.0
    """Only after so long: of an endpoint that is slow by itself."""


TAKEN = Reply()
Answering = Callable[[Received], Reply]


class Receiver:
    """Takes what is posted to any path."""

    def __init__(self, scheme: str = "http") -> None:
        self.scheme = scheme
        self.received: list[Received] = []
        self.answer: Answering = lambda _: TAKEN
        self.port = 0
        self.in_flight: dict[str, int] = {}
        self.most_in_flight: dict[str, int] = {}
        self._connections: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/hook") -> str:
        """Of the endpoint."""
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Received]:
        """What came to this path."""
        return [each for each in self.received if each.path == path]

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until it ends, or the test does."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        await asyncio.wait({task})
        self._connections.discard(task)

    async def close(self) -> None:
        """End what is still connected."""
        open_now = set(self._connections)
        for task in open_now:
            task.cancel()
        if open_now:
            await asyncio.wait(open_now)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                pairs = (line.partition(":")[::2] for line in lines[1:] if line)
                headers = {name.lower(): value.strip() for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await self._reply(writer, Received(lines[0].split(" ")[1], headers, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender is done
        finally:
            writer.close()

    async def _reply(self, writer: asyncio.StreamWriter, received: Received) -> None:
        path = received.path
        self.in_flight[path] = self.in_flight.get(path, 0) + 1
        self.most_in_flight[path] = max(self.in_flight[path], self.most_in_flight.get(path, 0))
        try:
            self.received.append(received)
            reply = self.answer(received)
            if reply.after is not None:
                await reply.after.wait()
            await asyncio.sleep(reply.delay_s)
        finally:
            self.in_flight[path] -= 1
        headers = {"content-length": str(len(reply.body)), **reply.headers}
        shown = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{shown}\r\n".encode() + reply.body)
        await writer.drain()


@asynccontextmanager
async def a_receiver() -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()
    async with serving(receiver):
        yield receiver


@asynccontextmanager
async def serving(receiver: Receiver, encrypted: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """Serve the receiver on a port of its own."""
    server = await asyncio.start_server(receiver.connected, "127.0.0.1", 0, ssl=encrypted)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await receiver.close()
        await server.wait_closed()
