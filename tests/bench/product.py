"""The product under test: its own processes, on databases and topics of one measure."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
from bench.scorer import TENANT
from bench.servers import Servers, remove_topics
from support.topics import create_topics

from deploy.local.state import CHECKOUT, SERVICES, environment, free_ports
from deploy.local.supervise import AFTERWORD
from services.command import service
from services.trigger import tenants
from shared.db.database import Database
from shared.events import TENANTS, TOPICS, KeyDigest, Tenant
from shared.kafka.kernel.clients import new_admin
from shared.tenancy import digest_of, keep_tenants

API_KEY = "aw_a-key-of-the-bench"
NEWEST_VERSION = 1_000_000
"""The version of the tenant with that key: the trigger publishes an older one, which changes nothing."""
KEY_SCOPES = ("answers:read", "answers:write", "cases:read", "decisions:read", "scores:read")


@dataclass
class RunningProduct:
    """The processes by name: service and role, such as "scorer worker" or "scorer worker 2"."""

    servers: Servers
    databases: dict[str, Database]
    settings: dict[str, str]
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    key: str = ""
    """The shop's key for the trigger; the other services take API_KEY."""

    @property
    def pids(self) -> dict[str, int]:
        """Of the servers and of the product's processes."""
        return {**self.servers.server_pids, **{name: one.pid for name, one in self.processes.items()}}


@asynccontextmanager
async def running_product(
    servers: Servers, *programs: str, prepare: Callable[[RunningProduct], Awaitable[None]] | None = None
) -> AsyncIterator[RunningProduct]:
    """Empty databases and topics, a tenant that every service knows, ``prepare``, then the processes, ready."""
    await _new_topics(servers.state.kafka)
    async with AsyncExitStack() as stack:
        databases = {name: await stack.enter_async_context(servers.database(name)) for name in SERVICES}
        urls = {f"{name.upper()}_DATABASE_URL": database.url for name, database in databases.items()}
        product = RunningProduct(
            servers, databases, {**environment(servers.state), "AFTERWORD_LOG": "json", **urls}
        )
        await _create_company(product)
        if prepare is not None:
            await prepare(product)

        async def start(program: str, port: int) -> None:
            name, role, *_ = program.split()
            option = "--port" if role == "api" else "--health-port"
            command = (str(AFTERWORD), "run", name, role, option, str(port))
            product.processes[program] = await stack.enter_async_context(
                running_process(port, product.settings, *command)
            )
            product.origins[program] = f"http://127.0.0.1:{port}"

        await asyncio.gather(*map(start, programs, free_ports(len(programs))))
        yield product


async def _create_company(product: RunningProduct) -> None:
    trigger = product.databases["trigger"]
    await tenants.create_tenant(trigger, TENANT, name="Havnbo", time_zone="Europe/Copenhagen")
    product.key = await tenants.create_key(trigger, TENANT, ["events:write"], name="shop")
    key = KeyDigest(id="k", name="bench", digest=digest_of(API_KEY), scopes=KEY_SCOPES)
    known = Tenant(
        id=TENANT, version=NEWEST_VERSION, name="Havnbo", time_zone="Europe/Copenhagen", country="DK", keys=(key,),
        languages=("en", "da"), postal_address="Havnegade 1, 8000 Aarhus",
    )  # fmt: skip
    for name, database in product.databases.items():
        if name != "trigger":
            async with database.transaction() as uow:
                await keep_tenants(uow, [TENANTS.event(TENANT, known, uow.now)])


async def _new_topics(bootstrap: str) -> None:
    """Empty every topic of the product."""
    dead = [topic for name in SERVICES for topic in service(name).dead_letter_topics]
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        await remove_topics(admin, *(topic.name for topic in TOPICS), *dead)
        await create_topics(admin, dead)
    finally:
        await admin.close()


@asynccontextmanager
async def running_process(
    port: int, settings: dict[str, str], *command: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process while the context lasts, ready from its start; its log is dropped."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **settings, "PYTHONPATH": f"{CHECKOUT / 'tests'}:{CHECKOUT}"},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
            while not await _is_ready(client, f"http://127.0.0.1:{port}/readyz"):
                if process.returncode is not None:
                    raise RuntimeError(f"{command} ended with {process.returncode}")
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _is_ready(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).is_success
    except httpx.TransportError:
        return False
