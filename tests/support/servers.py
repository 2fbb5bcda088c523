"""A real HTTP server in this process, on a port of its own."""

import asyncio
import socket

import httpx2
from support.eventually import eventually

from shared.http.server import serve


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    def __init__(self, app, stopping, **how):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stopping = stopping
        self.task = asyncio.create_task(serve(app, self.port, stopping, **how))

    async def up(self):
        async with httpx2.AsyncClient() as client:

            async def answers():
                return (await client.get(f"{self.url}/healthz")).status_code == 200

            await eventually(answers)
