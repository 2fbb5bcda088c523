"""Keeps one program running: probed until it is ready, restarted with back-off when it ends."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Literal, TypedDict

from deploy.local.logfile import LogFile
from deploy.local.program import Program, spawn

Condition = Literal["starting", "ready", "waiting", "stopped"]

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
STEADY = 30.0  # a program that ran for so many seconds starts again with the first pause
PROBE_EVERY = 0.1
HOPELESS = 3  # so many ends before it was ever ready, and the start has failed


class StartFailedError(Exception):
    """A program did not become ready; the message carries the end of its log."""


class Report(TypedDict):
    """One program, as `status` shows it."""

    name: str
    pid: int | None
    state: Condition
    restarts: int


class Child:
    """One program and the process that runs it now."""

    def __init__(self, program: Program, log: LogFile, group: int, changed: Callable[[], None]) -> None:
        self.program = program
        self.log = log
        self.restarts = 0
        self.condition: Condition = "starting"
        self.process: asyncio.subprocess.Process | None = None
        self._became_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._group = group
        self._changed = changed
        self._stopping = asyncio.Event()
        self._keeping = asyncio.create_task(self._keep(), name=program.name)

    @property
    def report(self) -> Report:
        running = self.process is not None and self.process.returncode is None
        return {
            "name": self.program.name,
            "pid": self.process.pid if running and self.process else None,
            "state": self.condition,
            "restarts": self.restarts,
        }

    async def until_ready(self) -> None:
        await asyncio.wait(
            (self._became_ready, self._keeping),
            timeout=self.program.patience,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._keeping.done():
            self._keeping.result()
        if self._became_ready.done():
            self._became_ready.result()
        else:
            raise self._failed(f"was not ready within {self.program.patience:.0f} s")

    async def stop(self) -> None:
        self._stopping.set()
        if self.process is not None and self.process.returncode is None:
            self._signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(asyncio.shield(self._keeping), self.program.grace)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._keeping
        finally:
            self.log.close()

    def _failed(self, how: str) -> StartFailedError:
        return StartFailedError(f"{self.program.name} {how}; the end of {self.log.path}:\n{self.log.tail()}")

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def _become(self, condition: Condition) -> None:
        self.condition = condition
        self._changed()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._run()
            if self._stopping.is_set():
                break
            pause = FIRST_PAUSE if loop.time() - began > STEADY else pause
            self.log.write(f"(ended with {code}; starts again in {pause:g} s)".encode())
            self.restarts += 1
            if self.restarts == HOPELESS and not self._became_ready.done():
                self._became_ready.set_exception(self._failed(f"ended {HOPELESS} times"))
            self._become("waiting")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        self._become("stopped")

    async def _run(self) -> int:
        self.process, output = await spawn(self.program, self.log, self._group)
        self._become("starting")
        if self._stopping.is_set():  # asked while the process was being made
            self._signal(self.program.stop_signal)
        probing = asyncio.create_task(self._probe())
        try:
            return await self.process.wait()
        finally:
            probing.cancel()
            # A grandchild may hold the pipe open for ever; what the program itself wrote comes at once.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(output.closed.wait(), 1)

    async def _probe(self) -> None:
        try:
            # There is nothing to wait on: another process becomes ready.
            while self.program.ready is not None and not await self.program.ready():  # noqa: ASYNC110
                await asyncio.sleep(PROBE_EVERY)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told to whoever waits, or logged)
            if self._became_ready.done():
                self.log.write(f"(the probe failed: {error!r})".encode())
            else:
                self._became_ready.set_exception(error)
            return
        self._become("ready")
        if not self._became_ready.done():
            self._became_ready.set_result(None)
