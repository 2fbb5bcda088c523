"""The APIs of all five services in a process of their own, on the databases of a `World`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
from support.companies import World
from support.environment import without_settings
from support.eventually import eventually
from support.full_stack import AFTERWORD
from support.http_clients import environment_of
from support.servers import free_port


@dataclass(frozen=True)
class ApiProcess:
    """Its address, and its use of memory and of the processor."""

    url: str
    port: int
    pid: int

    @property
    def megabytes(self) -> int:
        """Resident memory."""
        return int(psutil.Process(self.pid).memory_info().rss) // 2**20

    @property
    def cpu_seconds(self) -> float:
        """Processor time it has used since its start: what else runs on the machine does not add to it."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def client(self, **how: Any) -> httpx.AsyncClient:
        """A client over a real socket."""
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60, **how)


@asynccontextmanager
async def an_api_process(world: World) -> AsyncIterator[ApiProcess]:
    """A process that is ready, until the context ends."""
    port, settings = free_port(), environment_of(world.contexts["trigger"].afterword.kafka)
    for name, context in world.contexts.items():
        settings[f"{name.upper()}_DATABASE_URL"] = context.own.database_url.get_secret_value()
    origin = f"http://127.0.0.1:{port}"
    settings |= {"AFTERWORD_PUBLIC_URL": origin, "AFTERWORD_STAFF_URL": origin}
    settings |= {"AFTERWORD_TOPIC_PARTITIONS": "1", "AFTERWORD_TOPIC_REPLICATION": "1"}
    process = await asyncio.create_subprocess_exec(
        *(str(AFTERWORD), "run", "all", "api", "--port", str(port)),
        env={**without_settings(), **settings},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        found = ApiProcess(origin, port, process.pid)
        async with found.client() as client:

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await eventually(ready, within=60)
        yield found
    finally:
        process.terminate()
        await process.wait()
