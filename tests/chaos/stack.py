"""A whole stack of this run's own: every process in our hand, none left behind, everything forgotten after."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from chaos.processes import Process
from support.stack import new_state

from deploy.local import parts, postgres
from deploy.local.logfile import LogFile
from deploy.local.probes import answers
from deploy.local.program import Program
from deploy.local.serve import AFTERWORD
from deploy.local.state import CHECKOUT, SERVICES, State, environment, free_ports
from deploy.local.supervisor import Supervisor

HEARING = ("dispatcher", "collector", "scorer", "alerts")
"""The services whose workers hear something."""


@dataclass
class Stack:
    """The processes by name; ``api`` and a worker for each service run from the start."""

    state: State
    supervisor: Supervisor
    processes: dict[str, Process] = field(default_factory=dict)
    everywhere: dict[str, str] = field(default_factory=dict)
    """Settings of every process of ours that is started from now on."""

    @property
    def workers(self) -> list[Process]:
        return [process for name, process in self.processes.items() if name.partition("-")[0] in SERVICES]

    @property
    def ours(self) -> list[Process]:
        """Workers and API."""
        return [*self.workers, self.processes["api"]]

    def add(self, program: Program) -> Process:
        """Start one more program."""
        process = Process(program, LogFile(self.state.logs, program.name, None), self.supervisor._keeper.pid)
        self.processes[program.name] = process
        process.start()
        return process

    async def remove(self, name: str) -> tuple[float, int | None]:
        """Stop one for good."""
        return await self.processes.pop(name).stop()

    def add_worker(self, service: str, number: int = 1, settings: Mapping[str, str] | None = None) -> Process:
        name = service if number == 1 else f"{service}-{number}"
        port = self.state.ports[f"{service}_health"] if number == 1 else free_ports(1)[0]
        return self.add(
            self._ours(name, port, ("run", service, "worker", "--health-port", str(port)), settings)
        )

    def add_api(self, settings: Mapping[str, str] | None = None) -> Process:
        port = self.state.ports["origin"]
        return self.add(self._ours("api", port, ("run", "all", "api", "--port", str(port)), settings))

    async def start_ours(self, settings: Mapping[str, str] | None = None) -> None:
        """The API and one worker for each service; ready when it returns."""
        self.add_api(settings)
        for service in SERVICES:
            self.add_worker(service, settings=settings)
        await asyncio.gather(*(process.until_ready() for process in self.ours))

    async def stop_ours(self) -> dict[str, tuple[float, int | None]]:
        """SIGTERM to all of them; how long each took, and its exit code."""
        names = [process.name for process in self.ours]
        return dict(zip(names, await asyncio.gather(*map(self.remove, names)), strict=True))

    def _ours(
        self, name: str, port: int, arguments: Iterable[str], settings: Mapping[str, str] | None
    ) -> Program:
        return Program(
            name,
            (sys.executable, "-m", "chaos.entry", *arguments),
            {
                **environment(self.state),
                "PYTHONPATH": f"{CHECKOUT / 'tests'}:{CHECKOUT}",
                "CHAOS_TIMES": os.environ.get("TIMES", "short"),
                **self.everywhere,
                **(settings or {}),
            },
            ready=lambda: answers(f"http://127.0.0.1:{port}/readyz"),
        )

    async def database(self, service: str) -> asyncpg.Connection:
        """The judge's own way in, past everything of ours."""
        return await asyncpg.connect(
            host="127.0.0.1", port=self.state.ports["postgres"], user="postgres",
            password=self.state.passwords["postgres"], database=service, ssl=False, timeout=5,
        )  # fmt: skip

    async def run(self, *arguments: str) -> str:
        """The ``afterword`` command in this stack."""
        process = await asyncio.create_subprocess_exec(
            str(AFTERWORD), *arguments, env={**os.environ, **environment(self.state)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"afterword {' '.join(arguments)}: {output.decode()}")
        return output.decode()


@asynccontextmanager
async def a_stack(settings: Mapping[str, str] | None = None) -> AsyncIterator[Stack]:
    """Up and ready; at the end down and forgotten, its logs moved to CHAOS_LOGS if that is set."""
    with new_state() as state:
        async with Supervisor(state.logs) as supervisor:
            stack = Stack(state, supervisor)
            try:
                for program in await asyncio.gather(*(parts.prepare(part, state) for part in parts.PARTS)):
                    stack.add(program)
                await asyncio.gather(*(process.until_ready() for process in stack.processes.values()))
                await postgres.create_databases(state)
                await asyncio.gather(stack.run("migrate"), stack.run("topics", "apply"))
                await stack.start_ours(settings)
                yield stack
            finally:
                await stack.stop_ours() if "api" in stack.processes else None
                await asyncio.gather(*(process.stop(within=10) for process in stack.processes.values()))
                if kept := os.environ.get("CHAOS_LOGS"):
                    state.logs.rename(Path(kept) / state.root.name)
