"""A TCP proxy before PostgreSQL that cuts connections at COMMIT, so that nobody knows whether it happened."""

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
"""Who speaks is known by what it says: in its transaction, or, the relay, in place of a COMMIT."""
KINDS = ("api", *FIRST_STATEMENTS.values())
PREPARED = re.compile(rb"P.{4}(\w+)\0(" + b"|".join(FIRST_STATEMENTS) + rb")", re.DOTALL)
USED = re.compile(rb"B.{4}\0(\w+)\0", re.DOTALL)
CERTAIN_CUT = 3
"""The third commit of each kind is cut whatever chance says."""
ARRIVED_SHARE = 0.7
"""So many of the commits that are cut have arrived: only the answer is lost."""


@dataclass
class ClientConnection:
    """One connection: which of its statements tell who it is."""

    is_api: bool = False
    now: str = ""
    _marked: dict[bytes, str] = field(default_factory=dict)

    def commits(self, said: bytes) -> str:
        """Who commits with this, if anybody does."""
        self.is_api = self.is_api or b"-api\0" in said
        for name, mark in PREPARED.findall(said):
            self._marked[name] = FIRST_STATEMENTS[mark]
        for name in USED.findall(said):
            self.now = self.now or self._marked.get(name, "")
        if self.now == "relay" or COMMIT in said:
            kind, self.now = self.now or ("api" if self.is_api else ""), ""
            return kind
        if b"ROLLBACK;\0" in said:
            self.now = ""
        return ""


@dataclass
class Proxy:
    """Forwards bytes until chance has it that a commit goes unanswered, or never arrives."""

    state: State
    chance: random.Random
    often: float
    cut: Counter[str] = field(default_factory=Counter)
    port: int = 0
    active: bool = True
    _seen: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> dict[str, str]:
        """Database settings that lead through here."""
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
        speaker = ClientConnection()
        with contextlib.suppress(OSError):
            while said := await reader.read(65_536):
                kind = speaker.commits(said)
                if not self._cuts(kind):
                    server_writer.write(said)
                    await server_writer.drain()
                    continue
                answers.cancel()
                if self.chance.random() < ARRIVED_SHARE:
                    server_writer.write(said)
                    await server_writer.drain()
                    # The server has done it when it answers; the answer goes nowhere.
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
