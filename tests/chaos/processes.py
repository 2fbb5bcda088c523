"""A program that is kept running, and can be killed, frozen and stopped at any moment."""

import asyncio
import contextlib
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.logfile import LogFile
from deploy.local.program import Program, spawn

RESTART_DELAY_S = 0.3
"""Constant, unlike the supervisor's back-off."""


@dataclass
class Process:
    """A program, its current process, and how often that ended."""

    program: Program
    logs: Path
    group: int
    port: int | None = None
    """The port of /metrics, for a process of the product."""
    ends: int = 0
    _running: asyncio.subprocess.Process | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _keeping: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    def start(self) -> None:
        self._wanted.set()
        self._keeping = asyncio.create_task(self._keep(LogFile(self.logs, self.name, None)))

    async def _keep(self, log: LogFile) -> None:
        while self._wanted.is_set():
            self._running, output = await spawn(self.program, log, self.group)
            await self._running.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(output.closed.wait(), 1)
            if self._wanted.is_set():
                self.ends += 1
                await asyncio.sleep(RESTART_DELAY_S)
        log.close()

    def send(self, number: signal.Signals) -> bool:
        """Send a signal; whether there was a process to get it."""
        if self._running is None or self._running.returncode is not None:
            return False
        with contextlib.suppress(ProcessLookupError):
            self._running.send_signal(number)
            return True
        return False

    def kill(self) -> bool:
        return self.send(signal.SIGKILL)

    def peak_kib(self) -> int:
        """The most memory that its current process has had; 0: there is none."""
        try:
            status = Path(f"/proc/{self._running.pid if self._running else 0}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return int(status.partition("VmHWM:")[2].split()[0]) if "VmHWM:" in status else 0

    async def is_ready(self) -> bool:
        return self.program.ready is None or await self.program.ready()

    async def until_ready(self, within: float = 120) -> None:
        """Wait until it is ready.

        :raises TimeoutError: naming the folder of its log.
        """
        deadline = time.monotonic() + within
        while not await self.is_ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} is not ready; see {self.logs}")
            await asyncio.sleep(0.1)

    async def stop(
        self, number: signal.Signals | None = None, within: float = 20
    ) -> tuple[float, int | None]:
        """Stop it, by a kill after ``within`` seconds; return how long it took, and the exit code."""
        self._wanted.clear()
        began = time.monotonic()
        self.send(number or self.program.stop_signal)
        if self._running is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._running.wait(), within)
        took = time.monotonic() - began
        self.kill()
        if self._keeping is not None:
            await self._keeping
        return took, self._running.returncode if self._running else None

    async def away(self, seconds: float) -> None:
        """Kill it, and start it again only after so long."""
        await self.stop(signal.SIGKILL)
        await asyncio.sleep(seconds)
        self.start()
