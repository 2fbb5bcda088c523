"""Keeps programs running, starts and stops them in order, and leaves no process behind."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import reaper
from deploy.local.child import Child, ChildReport, StartFailedError
from deploy.local.logfile import LogFile, OnLine
from deploy.local.program import Program, spawn


class Supervisor:
    """Programs that are started together form a stage; stages are stopped in reverse order.

    All programs run in one process group. Its leader, the reaper, ends the group if this process dies without
    having done so, even by SIGKILL.
    """

    def __init__(
        self,
        logs: Path,
        *,
        on_line: OnLine | None = None,
        changed: Callable[[], None] = lambda: None,
        reaper_keeps_open: tuple[int, ...] = (),
    ) -> None:
        """`reaper_keeps_open` are file descriptors that stay open until the last child has ended."""
        self._logs = logs
        self._on_line = on_line
        self._changed = changed
        self._reaper_keeps_open = reaper_keeps_open
        self._stages: list[list[Child]] = []
        self._reaper_process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._reaper_process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", reaper.__file__),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=self._reaper_keeps_open,
            process_group=0,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(*(child.stop() for child in stage))
        if self._reaper.stdin is not None:
            self._reaper.stdin.write(b"done")
            self._reaper.stdin.close()
        await self._reaper.wait()

    @property
    def reports(self) -> list[ChildReport]:
        return [child.report for stage in self._stages for child in stage]

    async def start(self, *programs: Program) -> None:
        """Start programs together; return when all of them are ready."""
        stage = [
            Child(
                program,
                LogFile(self._logs, program.name, self._on_line if program.shown else None),
                self._reaper.pid,
                self._changed,
            )
            for program in programs
        ]
        self._stages.append(stage)
        await asyncio.gather(*(child.wait_until_ready() for child in stage))

    async def run(self, program: Program) -> None:
        """Run a program that ends by itself.

        :raises StartFailedError: when it exits with another code than 0.
        """
        log = LogFile(self._logs, program.name, None)
        process, output = await spawn(program, log, self._reaper.pid)
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

    async def wait_until_reaper_ends(self) -> None:
        """Return when the reaper has died: from then on nothing guarantees that no child is left behind."""
        await self._reaper.wait()

    @property
    def _reaper(self) -> asyncio.subprocess.Process:
        if self._reaper_process is None:
            raise RuntimeError("a supervisor is used inside its `async with`")
        return self._reaper_process
