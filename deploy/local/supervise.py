"""The supervised run of a whole stack: what `up` starts as `python -m deploy.local.supervise [--demo]`."""

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
from deploy.local.logfile import Show
from deploy.local.probes import answers
from deploy.local.program import Program
from deploy.local.state import CHECKOUT, SERVICES, State, environment
from deploy.local.supervisor import Supervisor

# The command beside the Python that runs this: the same virtual environment.
AFTERWORD = Path(sys.executable).with_name("afterword")

FAILURES = (
    StartFailedError,
    lock.AlreadyRunningError,
    subprocess.CalledProcessError,
    asyncpg.PostgresError,
    OSError,
    data.FetchError,
)


class Stack:
    """Everything of one local stack, from the first program's start to the last one's end."""

    def __init__(self, state: State, *, demo: bool, tell: Callable[[str], None], show: Show | None) -> None:
        """`tell` gets a sentence for each step; `show` every line that the services write."""
        self._state = state
        self._demo = demo
        self._tell = tell
        self._show = show
        self._doing = ""
        self._ready = False
        self._stopping = asyncio.Event()
        self._supervisor: Supervisor | None = None

    async def run(self, ready: Callable[[], None]) -> None:
        """Bring it up, call `ready`, and keep it up until SIGINT, SIGTERM or SIGHUP."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        with lock.claim(self._state) as descriptor:
            async with Supervisor(
                self._state.logs, show=self._show, changed=self._report, held=(descriptor,)
            ) as supervisor:
                self._supervisor = supervisor
                keeping = asyncio.create_task(self._keep_up(supervisor, ready))
                stopping = asyncio.create_task(self._stopping.wait())
                try:
                    await asyncio.wait((keeping, stopping), return_when=asyncio.FIRST_COMPLETED)
                    if keeping.done():
                        keeping.result()
                finally:
                    keeping.cancel()
                    stopping.cancel()
                    self._ready = False
                    self._say("Stopping")

    async def _keep_up(self, supervisor: Supervisor, ready: Callable[[], None]) -> None:
        await self._bring_up(supervisor)
        self._ready = True
        self._say("Ready")
        ready()
        # Without its warden the supervisor cannot promise to leave nothing behind, so it ends.
        await supervisor.until_warden_ends()

    async def _bring_up(self, supervisor: Supervisor) -> None:
        if not kafka.is_fetched():
            self._say(f"Fetching Kafka {kafka.VERSION} with Maven, once (44 MB)")
            await asyncio.to_thread(kafka.fetch)
        self._say("Starting Kafka, PostgreSQL and the mailbox")
        first = not postgres.has_data(self._state)
        prepared = await asyncio.gather(*(servers.prepare(part, self._state) for part in servers.PARTS))
        if first:
            await supervisor.start(*prepared)
            self._say("Making databases and topics")
            await self._make_room(supervisor)
            self._say("Starting the services")
            await supervisor.start(*self._services())
        else:
            # They wait for what they need and say so, so nobody has to wait for them. Each loads itself
            # while Kafka does, and rarely is there anything new to make.
            await asyncio.gather(self._start_again(supervisor, prepared), supervisor.start(*self._services()))
        if self._demo:
            if not data.is_fetched():
                self._say("Fetching the demo's purchases and reviews, once (3 MB)")
                await asyncio.to_thread(data.fetch, self._say)
            self._say("Starting the demo")
            await supervisor.start(
                Program("demo", (sys.executable, "-m", "deploy.demo"), environment(self._state))
            )

    async def _start_again(self, supervisor: Supervisor, prepared: Sequence[Program]) -> None:
        await supervisor.start(*prepared)
        self._say("Starting the services")
        await self._make_room(supervisor)

    async def _make_room(self, supervisor: Supervisor) -> None:
        await postgres.create_databases(self._state)
        await supervisor.run(self._afterword("migrate", "migrate", "--topics"))

    def _services(self) -> list[Program]:
        origin = self._state.ports["origin"]
        api = self._afterword("api", "run", "all", "api", "--port", str(origin), answers_at=origin)
        return [api, *(self._worker(service) for service in SERVICES)]

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

    def _say(self, doing: str) -> None:
        self._doing = doing
        self._tell(doing)
        self._report()

    def _report(self) -> None:
        lock.report(
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
    """What a person needs to know of a start that failed."""
    match error:
        case subprocess.CalledProcessError():
            return f"{error.cmd[0]} ended with {error.returncode}:\n{error.stdout or ''}"
        case lock.AlreadyRunningError():
            return "A stack of this checkout runs already."
        case _:
            return str(error)


def main() -> None:
    """Without a console: what would be said there goes to standard output, a file."""

    def tell(doing: str) -> None:
        sys.stdout.write(doing + "\n")
        sys.stdout.flush()

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    os.chdir(CHECKOUT)
    stack = Stack(State.open(), demo="--demo" in sys.argv, tell=tell, show=None)
    try:
        asyncio.run(stack.run(lambda: None))
    except FAILURES as error:
        sys.exit(explain(error))


if __name__ == "__main__":
    main()
