"""HTTP servers in this process, each on a port of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.types import ASGIApp
from support.eventually import eventually

from shared.http.server import serve


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningServer:
    """A server that runs until ``stopping`` is set."""

    def __init__(
        self, app: ASGIApp, stopping: asyncio.Event, port: int | None = None, **options: Any
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stopping = stopping
        self.task = asyncio.create_task(serve(app, self.port, stopping, **options))

    async def started(self) -> None:
        """Wait until it answers, whatever it says."""
        async with httpx2.AsyncClient(verify=False, trust_env=False) as client:
            await eventually(lambda: client.get(f"{self.url}/healthz"))


@asynccontextmanager
async def serving(
    app: ASGIApp, stopping: asyncio.Event, *loops: Coroutine[Any, Any, None]
) -> AsyncIterator[str]:
    """The address of an application that answers, with these loops beside it; all stop with ``stopping``."""
    server = RunningServer(app, stopping)
    running = [asyncio.create_task(loop) for loop in loops]
    try:
        await server.started()
        yield server.url
    finally:
        stopping.set()
        await asyncio.gather(server.task, *running)


StartServer = Callable[..., Awaitable[RunningServer]]
"""Starts a server with the arguments of ``RunningServer``, ``stopping`` optional; it ends with the test."""
