"""A whole stack of this run's own: the harness holds every process, leaves none behind, and deletes all data."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import asyncpg.pool
from chaos import cluster
from chaos.processes import Process
from support.stack import new_state

from deploy.local import postgres, servers
from deploy.local.probes import answers
from deploy.local.program import Program
from deploy.local.state import CHECKOUT, SERVICES, State, environment, free_ports
from deploy.local.supervise import AFTERWORD
from deploy.local.supervisor import Supervisor

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
CONSUMING_SERVICES = ("dispatcher", "collector", "scorer", "alerts")
"""The services whose workers consume topics."""


@dataclass
class Stack:
    """The processes by name; ``api``, of all services, and a worker for each run from the start."""

    state: State
    supervisor: Supervisor
    kafka: str
    processes: dict[str, Process] = field(default_factory=dict)
    everywhere: dict[str, str] = field(default_factory=dict)
    """Settings of every process of the product that is started from now on."""
    origins: dict[str, str] = field(default_factory=dict)
    """Origins of services that have an API process of their own."""
    _pools: dict[str, asyncpg.Pool] = field(default_factory=dict)

    @property
    def workers(self) -> list[Process]:
        return [process for name, process in self.processes.items() if name.partition("-")[0] in SERVICES]

    @property
    def apis(self) -> list[Process]:
        return [process for name, process in self.processes.items() if name.partition("-")[0] == "api"]

    @property
    def ours(self) -> list[Process]:
        """Workers and APIs."""
        return [*self.workers, *self.apis]

    @property
    def brokers(self) -> list[Process]:
        return [process for name, process in self.processes.items() if name.partition("-")[0] == "kafka"]

    def origin_of(self, service: str) -> str:
        """The origin of the service's API now."""
        return self.origins.get(service, self.state.origin)

    def flag(self, name: str, *, up: bool) -> None:
        """Raise or lower a flag, which ``entry.py`` obeys in every process."""
        file = self.state.root / name
        file.touch() if up else file.unlink()

    def add(self, program: Program, port: int | None = None) -> Process:
        """Start one more program."""
        process = Process(program, self.state.logs, self.supervisor._reaper.pid, port)
        self.processes[program.name] = process
        process.start()
        return process

    async def remove(self, name: str) -> tuple[float, int | None]:
        """Stop one for good."""
        return await self.processes.pop(name).stop()

    def add_worker(self, service: str, number: int = 1, settings: Mapping[str, str] | None = None) -> Process:
        name = service if number == 1 else f"{service}-{number}"
        port = self.state.ports[f"{service}_health"] if number == 1 else free_ports(1)[0]
        return self._ours(name, port, ("run", service, "worker", "--health-port", str(port)), settings)

    def add_receiver(self, settings: Mapping[str, str]) -> Process:
        """What takes the mails that come back to the dispatcher."""
        port = free_ports(1)[0]
        return self._ours(
            "dispatcher-bounces",
            port,
            ("run", "dispatcher", "bounces", "--health-port", str(port)),
            settings,
        )

    def add_api(self, number: int = 1, settings: Mapping[str, str] | None = None) -> Process:
        """All services behind one origin."""
        name = "api" if number == 1 else f"api-{number}"
        port = self.state.ports["origin"] if number == 1 else free_ports(1)[0]
        return self._ours(name, port, ("run", "all", "api", "--port", str(port)), settings)

    def add_api_of(self, service: str) -> Process:
        """The API of one service, with an origin of its own."""
        port = free_ports(1)[0]
        self.origins[service] = f"http://127.0.0.1:{port}"
        return self._ours(f"api-{service}", port, ("run", service, "api", "--port", str(port)))

    async def start_ours(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the API and one worker for each service; return when all are ready."""
        self.add_api(settings=settings)
        for service in SERVICES:
            self.add_worker(service, settings=settings)
        await self.until_ready(*self.ours)

    async def stop_ours(self) -> dict[str, tuple[float, int | None]]:
        """Send SIGTERM to all; return how long each took, and its exit code."""
        names = [process.name for process in self.ours]
        return dict(zip(names, await asyncio.gather(*map(self.remove, names)), strict=True))

    async def until_ready(self, *processes: Process) -> None:
        await asyncio.gather(*(process.until_ready() for process in processes))

    def _ours(
        self, name: str, port: int, arguments: Iterable[str], settings: Mapping[str, str] | None = None
    ) -> Process:
        program = Program(
            name,
            (sys.executable, "-m", "chaos.entry", *arguments),
            {
                **environment(self.state),
                "PYTHONPATH": f"{CHECKOUT / 'tests'}:{CHECKOUT}",
                "CHAOS_TIMES": os.environ.get("TIMES", "short"),
                "CHAOS_FLAGS": str(self.state.root),
                **self.everywhere,
                **(settings or {}),
            },
            ready=lambda: answers(f"http://127.0.0.1:{port}/readyz"),
        )
        return self.add(program, port)

    async def database(self, service: str) -> asyncpg.Connection:
        """A connection of the harness, independent of the product."""
        return await asyncpg.connect(self._database_url(service), timeout=5)

    @asynccontextmanager
    async def connection(self, service: str) -> AsyncIterator[Connection]:
        """A connection of the harness from a pool, for repeated queries."""
        if service not in self._pools:
            self._pools[service] = asyncpg.create_pool(
                self._database_url(service), min_size=0, max_size=4, timeout=5
            )
            await self._pools[service]
        async with self._pools[service].acquire() as connection:
            yield connection

    def _database_url(self, service: str) -> str:
        password, port = self.state.passwords["postgres"], self.state.ports["postgres"]
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/{service}?sslmode=disable"

    async def run(self, *arguments: str, settings: Mapping[str, str] | None = None) -> str:
        """Run the ``afterword`` command in this stack; return its output."""
        own = {**environment(self.state), **self.everywhere, **(settings or {})}
        process = await asyncio.create_subprocess_exec(
            str(AFTERWORD), *arguments, env={**os.environ, **own},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"afterword {' '.join(arguments)}: {output.decode()}")
        return output.decode()

    async def close(self) -> None:
        """Stop everything."""
        for pool in self._pools.values():
            pool.terminate()
        await self.stop_ours()
        # Brokers that are asked to stop together wait for each other, and nothing of theirs is kept.
        at_once = dict.fromkeys((broker.name for broker in self.brokers), signal.SIGKILL)
        await asyncio.gather(
            *(process.stop(at_once.get(name), within=10) for name, process in self.processes.items())
        )


@asynccontextmanager
async def running_stack(
    settings: Mapping[str, str] | None = None, *, brokers: int = 1, copies: int = 1
) -> AsyncIterator[Stack]:
    """A stack that is ready; its data are deleted at the end, its logs moved to CHAOS_LOGS if that is set.

    ``copies`` is how many brokers hold each partition.
    """
    with new_state() as state:
        async with Supervisor(state.logs) as supervisor:
            kafka, programs = await cluster.prepare(state, brokers)
            stack = Stack(state, supervisor, kafka)
            stack.everywhere |= {"AFTERWORD_KAFKA": kafka, "AFTERWORD_TOPIC_REPLICATION": str(copies)}
            try:
                programs += [
                    await servers.prepare("postgres", state),
                    await servers.prepare("mailbox", state),
                ]
                for program in programs:
                    stack.add(program)
                await stack.until_ready(*stack.processes.values())
                await postgres.create_databases(state)
                size = {"AFTERWORD_TOPIC_REPLICATION": str(copies)}
                await asyncio.gather(stack.run("migrate"), stack.run("topics", "apply", settings=size))
                await stack.start_ours(settings)
                yield stack
            finally:
                await stack.close()
                if kept := os.environ.get("CHAOS_LOGS"):
                    state.logs.rename(Path(kept) / state.root.name)
