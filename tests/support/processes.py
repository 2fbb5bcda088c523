"""The APIs of all five services in a process of their own, on the databases of a `World`."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.companies import World
from support.environment import without_settings
from support.eventually import eventually
from support.full_stack import AFTERWORD
from support.http_clients import environment_of
from support.plain_http import plain_client
from support.servers import free_port


@dataclass(frozen=True)
class ApiProcess:
    """Its address, and its use of memory and of the processor."""

    url: str
    port: int
    pid: int

    @property
    def megabytes(self) -> int:
        """Resident memory; 0 on a system without /proc."""
        status = Path(f"/proc/{self.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:"))

    @property
    def cpu_seconds(self) -> float:
        """Processor time since its start, to which nothing else on the machine adds; 0 without /proc."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def client(self, **how: Any) -> httpx.AsyncClient:
        """A client over a real socket."""
        return plain_client(self.url, timeout=60, **how)


@asynccontextmanager
async def an_api_process(world: World) -> AsyncIterator[ApiProcess]:
    """A process that is ready, until the context ends."""
    port, settings = free_port(), environment_of(world.contexts["trigger"].afterword.kafka)
    for name, context in world.contexts.items():
        settings[f"{name.upper()}_DATABASE_URL"] = context.own.database_url.get_secret_value()
    settings["AFTERWORD_DNS"] = world.contexts["dispatcher"].afterword.dns or ""
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
