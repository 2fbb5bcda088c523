"""The product as it runs: its own processes, on databases and topics of one measure's own."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
from bench.ground import Ground, remove_topics
from bench.scorer import TENANT
from support.topics import create_topics

from deploy.local.state import CHECKOUT, SERVICES, environment, free_ports
from deploy.local.supervise import AFTERWORD
from services.command import service
from services.trigger import tenants
from shared.db.database import Database
from shared.events import TENANTS, TOPICS, KeyDigest, Tenant
from shared.kafka.kernel.clients import new_admin
from shared.tenancy import digest_of, keep_tenants

KEY = "aw_a-key-of-the-bench"
NEWEST = 1_000_000
"""The version of the company with that key: what the trigger says of it is older, and changes nothing."""
SCOPES = ("answers:read", "answers:write", "cases:read", "decisions:read", "scores:read")


@dataclass
class Stand:
    """What runs: a program's name is its service and role, such as "scorer worker" or "scorer worker 2"."""

    ground: Ground
    databases: dict[str, Database]
    settings: dict[str, str]
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    key: str = ""
    """The shop's key for the trigger's door; the other doors know KEY."""

    @property
    def pids(self) -> dict[str, int]:
        """Of all that works: the servers and the programs."""
        return {**self.ground.servers, **{name: one.pid for name, one in self.processes.items()}}


@asynccontextmanager
async def a_stand(
    ground: Ground, *programs: str, prepare: Callable[[Stand], Awaitable[None]] | None = None
) -> AsyncIterator[Stand]:
    """Empty databases and topics, a company that every service knows, ``prepare``, then the programs, ready."""
    await _new_topics(ground.state.kafka)
    async with AsyncExitStack() as stack:
        databases = {name: await stack.enter_async_context(ground.database(name)) for name in SERVICES}
        urls = {f"{name.upper()}_DATABASE_URL": database.url for name, database in databases.items()}
        stand = Stand(ground, databases, {**environment(ground.state), "AFTERWORD_LOG": "json", **urls})
        await _found_company(stand)
        if prepare is not None:
            await prepare(stand)

        async def start(program: str, port: int) -> None:
            name, role, *_ = program.split()
            option = "--port" if role == "api" else "--health-port"
            command = (str(AFTERWORD), "run", name, role, option, str(port))
            stand.processes[program] = await stack.enter_async_context(
                serving(port, stand.settings, *command)
            )
            stand.origins[program] = f"http://127.0.0.1:{port}"

        await asyncio.gather(*map(start, programs, free_ports(len(programs))))
        yield stand


async def _found_company(stand: Stand) -> None:
    trigger = stand.databases["trigger"]
    await tenants.create_tenant(trigger, TENANT, name="Havnbo", time_zone="Europe/Copenhagen")
    stand.key = await tenants.create_key(trigger, TENANT, ["events:write"], name="shop")
    key = KeyDigest(id="k", name="bench", digest=digest_of(KEY), scopes=SCOPES)
    known = Tenant(
        id=TENANT, version=NEWEST, name="Havnbo", time_zone="Europe/Copenhagen", country="DK", keys=(key,),
        languages=("en", "da"), postal_address="Havnegade 1, 8000 Aarhus",
    )  # fmt: skip
    for name, database in stand.databases.items():
        if name != "trigger":
            async with database.transaction() as uow:
                await keep_tenants(uow, [TENANTS.event(TENANT, known, uow.now)])


async def _new_topics(bootstrap: str) -> None:
    """Every topic of the product, empty."""
    dead = [topic for name in SERVICES for topic in service(name).dead_letter_topics]
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        await remove_topics(admin, *(topic.name for topic in TOPICS), *dead)
        await create_topics(admin, dead)
    finally:
        await admin.close()


@asynccontextmanager
async def serving(
    port: int, settings: dict[str, str], *command: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server while the context lasts, ready from its start; what it logs is thrown away."""
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
