"""One supervised run of the stack. `up --detach` starts it as `python -m deploy.local.supervise [--demo]`."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg

from deploy.demo import data
from deploy.local import kafka, lock, postgres, servers
from deploy.local.child import StartFailedError
from deploy.local.logfile import OnLine, print_line
from deploy.local.probes import answers
from deploy.local.program import Program
from deploy.local.state import CHECKOUT, SERVICES, State, environment
from deploy.local.supervisor import Supervisor

AFTERWORD = Path(sys.executable).with_name("afterword")
"""The command in the same virtual environment."""

FAILURES = (
    StartFailedError,
    lock.AlreadyRunningError,
    subprocess.CalledProcessError,
    asyncpg.PostgresError,
    OSError,
    data.FetchError,
)
"""Errors of a start that a person can mend; `explain` says them in words."""


class Stack:
    """One local stack, from the first program's start to the last one's end."""

    def __init__(
        self, state: State, *, demo: bool, on_step: Callable[[str], None], on_line: OnLine | None
    ) -> None:
        """`on_step` gets a sentence for each step; `on_line` every line of the services' output."""
        self._state = state
        self._demo = demo
        self._on_step = on_step
        self._on_line = on_line
        self._doing = ""
        self._ready = False
        self._stopping = asyncio.Event()
        self._supervisor: Supervisor | None = None

    async def run(self, ready: Callable[[], None]) -> None:
        """Start everything, call `ready`, and keep it running until SIGINT, SIGTERM or SIGHUP."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        with lock.claim(self._state) as descriptor:
            async with Supervisor(
                self._state.logs,
                on_line=self._on_line,
                changed=self._write_status,
                reaper_keeps_open=(descriptor,),
            ) as supervisor:
                self._supervisor = supervisor
                running = asyncio.create_task(self._start_and_wait(supervisor, ready))
                stopping = asyncio.create_task(self._stopping.wait())
                try:
                    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
                    if running.done():
                        running.result()
                finally:
                    running.cancel()
                    stopping.cancel()
                    self._ready = False
                    self._begin_step("Stopping")

    async def _start_and_wait(self, supervisor: Supervisor, ready: Callable[[], None]) -> None:
        await self._start_all(supervisor)
        self._ready = True
        self._begin_step("Ready")
        ready()
        # Without its reaper the supervisor cannot promise to leave no process behind, so it ends.
        await supervisor.wait_until_reaper_ends()

    async def _start_all(self, supervisor: Supervisor) -> None:
        if not kafka.is_fetched():
            self._begin_step(f"Fetching Kafka {kafka.VERSION} with Maven, once (44 MB)")
            await asyncio.to_thread(kafka.fetch)
        self._begin_step("Starting Kafka, PostgreSQL and the mailbox")
        is_first_start = not postgres.has_data(self._state)
        programs = await asyncio.gather(
            *(servers.prepare(name, self._state) for name in servers.SERVER_NAMES)
        )
        if is_first_start:
            await supervisor.start(*programs)
            self._begin_step("Making databases and topics")
            await self._migrate(supervisor)
            self._begin_step("Starting the services")
            await supervisor.start(*self._services())
        else:
            # The services wait for Kafka and PostgreSQL by themselves, so they load at the same time; after
            # the first start there are rarely new migrations or topics.
            await asyncio.gather(
                self._start_servers(supervisor, programs), supervisor.start(*self._services())
            )
        if self._demo:
            if not data.is_fetched():
                self._begin_step("Fetching the demo's purchases and reviews, once (3 MB)")
                await asyncio.to_thread(data.fetch, self._begin_step)
            self._begin_step("Starting the demo")
            await supervisor.start(
                Program("demo", (sys.executable, "-m", "deploy.demo"), environment(self._state))
            )

    async def _start_servers(self, supervisor: Supervisor, programs: Sequence[Program]) -> None:
        await supervisor.start(*programs)
        self._begin_step("Starting the services")
        await self._migrate(supervisor)

    async def _migrate(self, supervisor: Supervisor) -> None:
        await postgres.create_databases(self._state)
        await supervisor.run(self._afterword("migrate", "migrate", "--topics"))

    def _services(self) -> list[Program]:
        origin = self._state.ports["origin"]
        api = self._afterword("api", "run", "all", "api", "--port", str(origin), answers_at=origin)
        health = self._state.ports["replies_health"]
        replies = self._afterword(
            *("replies", "run", "dispatcher", "bounces", "--health-port", str(health)), answers_at=health
        )
        return [api, *(self._worker(service) for service in SERVICES), replies]

    def _worker(self, service: str) -> Program:
        port = self._state.ports[f"{service}_health"]
        return self._afterword(
            *(service, "run", service, "worker", "--health-port", str(port)), answers_at=port
        )

    def _afterword(self, name: str, *arguments: str, answers_at: int | None = None) -> Program:
        return Program(
            name,
            (str(AFTERWORD), *arguments),
            environment(self._state),
            ready=(lambda: answers(f"http://127.0.0.1:{answers_at}/readyz")) if answers_at else None,
        )

    def _begin_step(self, doing: str) -> None:
        self._doing = doing
        self._on_step(doing)
        self._write_status()

    def _write_status(self) -> None:
        lock.write_status(
            self._state,
            {
                "pid": os.getpid(),
                "demo": self._demo,
                "doing": self._doing,
                "ready": self._ready,
                "services": self._supervisor.reports if self._supervisor else [],
            },
        )


def explain(error: Exception) -> str:
    """Why a start failed, in words for a person."""
    match error:
        case subprocess.CalledProcessError():
            return f"{error.cmd[0]} ended with {error.returncode}:\n{error.stdout or ''}"
        case lock.AlreadyRunningError():
            return "A stack of this checkout runs already."
        case _:
            return str(error)


def main() -> None:
    """Run without a console: the steps go to standard output, which is a file."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    os.chdir(CHECKOUT)
    stack = Stack(State.open(), demo="--demo" in sys.argv, on_step=print_line, on_line=None)
    try:
        asyncio.run(stack.run(lambda: None))
    except FAILURES as error:
        sys.exit(explain(error))


if __name__ == "__main__":
    main()
