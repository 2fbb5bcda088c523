"""Keeps programs running, in order, and leaves none behind."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import reaper
from deploy.local.child import Child, Report, StartFailedError
from deploy.local.logfile import LogFile, Show
from deploy.local.program import Program, spawn


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
            *(sys.executable, "-I", "-S", reaper.__file__),
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
