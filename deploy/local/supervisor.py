"""Keeps programs running: in order, restarted with back-off, and none left behind."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypedDict

from deploy.local import warden
from deploy.local.logfile import LineReader, LogFile, Show

Probe = Callable[[], Awaitable[bool]]
"""Whether a program answers; it tells a refused connection by False, never by an exception."""

Condition = Literal["starting", "ready", "waiting", "stopped"]

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
STEADY = 30.0  # a program that ran for so many seconds starts again with the first pause
PROBE_EVERY = 0.1
HOPELESS = 3  # so many ends before it was ever ready, and the start has failed


class StartFailedError(Exception):
    """A program did not become ready; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Probe | None = None
    patience: float = 60.0  # seconds in which it must become ready
    grace: float = 5.0  # seconds in which it must end once asked
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    shown: bool = True  # whether its lines go to the console too


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


class Supervisor:
    """Programs started together form a stage; stages stop in reverse, each one's programs together.

    Every program runs in one process group whose leader, the warden, ends the group if this process
    dies without having done so, even by SIGKILL.
    """

    def __init__(
        self,
        logs: Path,
        *,
        show: Show | None = None,
        changed: Callable[[], None] = lambda: None,
        held: tuple[int, ...] = (),
    ) -> None:
        """`held` are file descriptors that the warden keeps open until the last child is gone."""
        self._logs = logs
        self._show = show
        self._changed = changed
        self._held = held
        self._stages: list[list[Child]] = []
        self._warden: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._warden = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", warden.__file__),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=self._held,
            process_group=0,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(*(child.stop() for child in stage))
        keeper = self._keeper
        if keeper.stdin is not None:
            keeper.stdin.write(b"done")
            keeper.stdin.close()
        await keeper.wait()

    @property
    def reports(self) -> list[Report]:
        return [child.report for stage in self._stages for child in stage]

    async def start(self, *programs: Program) -> None:
        """Start them together; return when each of them is ready."""
        stage = [
            Child(
                program,
                LogFile(self._logs, program.name, self._show if program.shown else None),
                self._keeper.pid,
                self._changed,
            )
            for program in programs
        ]
        self._stages.append(stage)
        await asyncio.gather(*(child.until_ready() for child in stage))

    async def run(self, program: Program) -> None:
        """Run a program that ends by itself."""
        log = LogFile(self._logs, program.name, None)
        process, output = await spawn(program, log, self._keeper.pid)
        try:
            code = await process.wait()
            await output.closed.wait()
            if code:
                raise StartFailedError(
                    f"{' '.join(program.argv)} ended with {code}; the end of {log.path}:\n{log.tail()}"
                )
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            log.close()

    async def until_warden_ends(self) -> None:
        """Without a warden nobody keeps the promise that no child is left behind."""
        await self._keeper.wait()

    @property
    def _keeper(self) -> asyncio.subprocess.Process:
        if self._warden is None:
            raise RuntimeError("a supervisor is used inside its `async with`")
        return self._warden


async def spawn(program: Program, log: LogFile, group: int) -> tuple[asyncio.subprocess.Process, LineReader]:
    """Start the program's process in the group; its output goes to the log.

    The pipe is our own: asyncio's would make `wait()` last as long as any grandchild keeps it open.
    """
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    output = LineReader(log.write)
    await loop.connect_read_pipe(lambda: output, os.fdopen(reading, "rb", buffering=0))
    try:
        process = await asyncio.create_subprocess_exec(
            *program.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env={**os.environ, **program.environment},
            cwd="/" if program.user else None,
            process_group=group,
            **as_user(program.user),
        )
    finally:
        os.close(writing)
    return process, output


class Identity(TypedDict, total=False):
    """How subprocess is told whom to run as."""

    user: str
    group: str
    extra_groups: list[str]


def as_user(name: str | None) -> Identity:
    return {"user": name, "group": name, "extra_groups": []} if name else {}
