"""A TCP proxy before PostgreSQL that cuts connections at COMMIT, so that nobody knows whether it happened."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from deploy.local.state import SERVICES, State

COMMIT = b"COMMIT;\0"
RELAY = b"-relay\0"
"""Ends the name under which a relay connects: it commits with each statement, without the word."""


@dataclass
class Proxy:
    """Forwards bytes until chance has it that a commit goes unanswered, or never arrives."""

    state: State
    chance: random.Random
    often: float
    cut: int = 0
    port: int = 0
    active: bool = True

    @property
    def settings(self) -> dict[str, str]:
        """Database settings that lead through here."""
        own, real = f"127.0.0.1:{self.port}/", f"127.0.0.1:{self.state.ports['postgres']}/"
        return {
            f"{name.upper()}_DATABASE_URL": self.state.database_url(name).replace(real, own)
            for name in SERVICES
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(
                "127.0.0.1", self.state.ports["postgres"]
            )
        except OSError:
            writer.close()
            return
        answers = asyncio.create_task(_pass_on(server_reader, writer))
        is_relay = False
        with contextlib.suppress(OSError):
            while said := await reader.read(65_536):
                is_relay = is_relay or RELAY in said
                rolled = self.chance.random()
                if not self.active or not (COMMIT in said or is_relay) or rolled > self.often:
                    server_writer.write(said)
                    await server_writer.drain()
                    continue
                answers.cancel()
                if rolled < self.often * 0.7:
                    server_writer.write(said)
                    await server_writer.drain()
                    # The server has done it when it answers; the answer goes nowhere.
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(server_reader.read(65_536), 2)
                self.cut += 1
                break
        answers.cancel()
        server_writer.close()
        writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while answer := await reader.read(65_536):
            writer.write(answer)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def a_proxy(state: State, chance: random.Random, often: float) -> AsyncIterator[Proxy]:
    proxy = Proxy(state, chance, often)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
