"""A program of the local stack, and how its process is started."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from deploy.local.logfile import LineReader, LogFile

Probe = Callable[[], Awaitable[bool]]
"""Whether a program answers; it tells a refused connection by False, never by an exception."""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Probe | None = None
    patience: float = 180.0  # seconds in which it must become ready
    grace: float = 5.0  # seconds in which it must end once asked
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    shown: bool = True  # whether its lines go to the console too


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
