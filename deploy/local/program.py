"""A program of the local stack, and the start of its process."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from deploy.local.logfile import LineReader, LogFile

Probe = Callable[[], Awaitable[bool]]
"""Whether a program answers. A refused connection is False, never an exception."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a supervisor runs, and for how long it waits for it."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Probe | None = None
    """None: ready as soon as it runs."""
    ready_timeout_s: float = 180.0
    stop_timeout_s: float = 5.0
    """From the stop signal to SIGKILL."""
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    shown: bool = True
    """Whether its lines go to the console too."""


async def spawn(program: Program, log: LogFile, group: int) -> tuple[asyncio.subprocess.Process, LineReader]:
    """Start the program's process in this process group; its output goes to the log.

    The pipe is our own: with asyncio's pipe `wait()` would last as long as a grandchild keeps it open.
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


class UserArguments(TypedDict, total=False):
    """The arguments of `subprocess` that choose the user of a process."""

    user: str
    group: str
    extra_groups: list[str]


def as_user(name: str | None) -> UserArguments:
    """The arguments that run a process as this user; none of them for the current user."""
    return {"user": name, "group": name, "extra_groups": []} if name else {}
