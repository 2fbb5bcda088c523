"""One supervised program: probed until it is ready, restarted with backoff when it ends."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Literal, TypedDict

from deploy.local.logfile import LogFile
from deploy.local.program import Program, spawn

ChildState = Literal["starting", "ready", "waiting", "stopped"]

MIN_RESTART_PAUSE_S = 0.5
MAX_RESTART_PAUSE_S = 15.0
STABLE_AFTER_S = 30.0
"""A program that ran for so long is restarted after the shortest pause again."""
PROBE_INTERVAL_S = 0.1
MAX_EXITS_BEFORE_READY = 3
"""After so many exits without ever having been ready, the start has failed."""


class StartFailedError(Exception):
    """A program did not become ready. The message holds the end of its log."""


class ChildReport(TypedDict):
    """One program as ``afterword status`` shows it."""

    name: str
    pid: int | None
    state: ChildState
    restarts: int


class Child:
    """One program and its current process."""

    def __init__(self, program: Program, log: LogFile, group: int, changed: Callable[[], None]) -> None:
        """`changed` is called after each change of state."""
        self.program = program
        self.log = log
        self.restarts = 0
        self.state: ChildState = "starting"
        self.process: asyncio.subprocess.Process | None = None
        self._first_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._group = group
        self._changed = changed
        self._stopping = asyncio.Event()
        self._keeper = asyncio.create_task(self._run_until_stopped(), name=program.name)

    @property
    def report(self) -> ChildReport:
        running = self.process is not None and self.process.returncode is None
        return {
            "name": self.program.name,
            "pid": self.process.pid if running and self.process else None,
            "state": self.state,
            "restarts": self.restarts,
        }

    async def wait_until_ready(self) -> None:
        """Return once the program is ready.

        :raises StartFailedError: when it takes too long, or exits too often before it was ever ready.
        """
        await asyncio.wait(
            (self._first_ready, self._keeper),
            timeout=self.program.ready_timeout_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._keeper.done():
            self._keeper.result()
        if self._first_ready.done():
            self._first_ready.result()
        else:
            raise self._failed(f"was not ready within {self.program.ready_timeout_s:.0f} s")

    async def stop(self) -> None:
        """End the process with its stop signal, and with SIGKILL after its stop timeout."""
        self._stopping.set()
        if self.process is not None and self.process.returncode is None:
            self._signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(asyncio.shield(self._keeper), self.program.stop_timeout_s)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._keeper
        finally:
            self.log.close()

    def _failed(self, how: str) -> StartFailedError:
        return StartFailedError(f"{self.program.name} {how}; the end of {self.log.path}:\n{self.log.tail()}")

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def _set_state(self, state: ChildState) -> None:
        self.state = state
        self._changed()

    async def _run_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        pause = MIN_RESTART_PAUSE_S
        while not self._stopping.is_set():
            started = loop.time()
            code = await self._run()
            if self._stopping.is_set():
                break
            pause = MIN_RESTART_PAUSE_S if loop.time() - started > STABLE_AFTER_S else pause
            self.log.write(f"(ended with {code}; starts again in {pause:g} s)".encode())
            self.restarts += 1
            if self.restarts == MAX_EXITS_BEFORE_READY and not self._first_ready.done():
                self._first_ready.set_exception(self._failed(f"ended {MAX_EXITS_BEFORE_READY} times"))
            self._set_state("waiting")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, MAX_RESTART_PAUSE_S)
        self._set_state("stopped")

    async def _run(self) -> int:
        self.process, output = await spawn(self.program, self.log, self._group)
        self._set_state("starting")
        if self._stopping.is_set():  # the stop came while the process was being created
            self._signal(self.program.stop_signal)
        probing = asyncio.create_task(self._probe_until_ready())
        try:
            return await self.process.wait()
        finally:
            probing.cancel()
            # A grandchild may hold the pipe open for ever; the program's own output arrives at once.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(output.closed.wait(), 1)

    async def _probe_until_ready(self) -> None:
        try:
            # There is no event to wait for: the program is another process.
            while self.program.ready is not None and not await self.program.ready():  # noqa: ASYNC110
                await asyncio.sleep(PROBE_INTERVAL_S)
        except Exception as error:  # noqa: BLE001  (any error is raised in `wait_until_ready`, or logged)
            if self._first_ready.done():
                self.log.write(f"(the probe failed: {error!r})".encode())
            else:
                self._first_ready.set_exception(error)
            return
        self._set_state("ready")
        if not self._first_ready.done():
            self._first_ready.set_result(None)
