"""A TCP proxy before PostgreSQL that cuts connections at COMMIT, so that the client cannot know its outcome."""

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.local.state import SERVICES, State

COMMIT = b"COMMIT;\0"
FIRST_STATEMENTS = {
    b"UPDATE position AS p SET next_offset": "consumer",
    b"UPDATE invitation SET state": "sender",
    b"DELETE FROM outbox": "relay",
}
"""The client is known by a statement in its transaction; the relay's stands in place of a COMMIT."""
KINDS = ("api", *FIRST_STATEMENTS.values())
PREPARED = re.compile(
    rb"P.{4}(\w+)\0\s*(" + b"|".join(text.replace(b" ", rb"\s+") for text in FIRST_STATEMENTS) + rb")",
    re.DOTALL,
)
USED = re.compile(rb"B.{4}\0(\w+)\0", re.DOTALL)
CERTAIN_CUT = 3
"""The third commit of each kind is always cut."""
ARRIVED_SHARE = 0.7
"""The share of the cut commits that have arrived: only the response is lost."""


@dataclass
class ClientConnection:
    """A connection, and which of its prepared statements tell what kind of client it is."""

    is_api: bool = False
    now: str = ""
    _marked: dict[bytes, str] = field(default_factory=dict)

    def commits(self, sent: bytes) -> str:
        """The kind of client that commits with these bytes; empty: none does."""
        self.is_api = self.is_api or b"-api\0" in sent
        for name, statement in PREPARED.findall(sent):
            self._marked[name] = FIRST_STATEMENTS[b" ".join(statement.split())]
        for name in USED.findall(sent):
            self.now = self.now or self._marked.get(name, "")
        if self.now == "relay" or COMMIT in sent:
            kind, self.now = self.now or ("api" if self.is_api else ""), ""
            return kind
        if b"ROLLBACK;\0" in sent:
            self.now = ""
        return ""


@dataclass
class Proxy:
    """Forwards bytes; at random a commit gets no response, or never arrives."""

    state: State
    chance: random.Random
    often: float
    cut: Counter[str] = field(default_factory=Counter)
    port: int = 0
    active: bool = True
    _seen: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> dict[str, str]:
        """Settings of the databases' URLs through this proxy."""
        own, real = f"127.0.0.1:{self.port}/", f"127.0.0.1:{self.state.ports['postgres']}/"
        return {
            f"{name.upper()}_DATABASE_URL": self.state.database_url(name).replace(real, own)
            for name in SERVICES
        }

    def _cuts(self, kind: str) -> bool:
        if not kind or not self.active:
            return False
        self._seen[kind] += 1
        return self._seen[kind] == CERTAIN_CUT or self.chance.random() < self.often

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(
                "127.0.0.1", self.state.ports["postgres"]
            )
        except OSError:
            writer.close()
            return
        answers = asyncio.create_task(_forward(server_reader, writer))
        client = ClientConnection()
        with contextlib.suppress(OSError):
            while sent := await reader.read(65_536):
                kind = client.commits(sent)
                if not self._cuts(kind):
                    server_writer.write(sent)
                    await server_writer.drain()
                    continue
                answers.cancel()
                if self.chance.random() < ARRIVED_SHARE:
                    server_writer.write(sent)
                    await server_writer.drain()
                    # The commit is done when the server responds; the response is dropped.
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(server_reader.read(65_536), 2)
                self.cut[kind] += 1
                break
        answers.cancel()
        server_writer.close()
        writer.transport.abort()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while answer := await reader.read(65_536):
            writer.write(answer)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def running_proxy(state: State, chance: random.Random, often: float) -> AsyncIterator[Proxy]:
    proxy = Proxy(state, chance, often)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
