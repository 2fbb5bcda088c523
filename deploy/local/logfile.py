"""The output of programs: written to a file, and passed on line by line."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

MAX_LOG_BYTES = 10 * 1024 * 1024

OnLine = Callable[[str, str], None]
"""Called with a program's name and one line of its output."""


class LogFile:
    """Lines are appended to `<folder>/<name>.log`, which is rotated to `<name>.log.1` when it is full."""

    def __init__(self, folder: Path, name: str, on_line: OnLine | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.log"
        self._name = name
        self._on_line = on_line
        self._file = self.path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        if self._file.tell() > MAX_LOG_BYTES:
            self._file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._file = self.path.open("ab", buffering=0)
        self._file.write(line + b"\n")
        if self._on_line is not None:
            self._on_line(self._name, line.decode(errors="replace"))

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        self._file.close()


class LineReader(asyncio.Protocol):
    """Pass on a pipe line by line, however long; `closed` is set when the last writer has closed it."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._unfinished_line = b""
        self.closed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        *lines, self._unfinished_line = (self._unfinished_line + data).split(b"\n")
        for line in lines:
            self._write(line)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # the interface requires it; the end of a pipe needs no distinction
        if self._unfinished_line:
            self._write(self._unfinished_line)
        self.closed.set()


def print_line(line: str) -> None:
    """Write a line to standard output at once, also where that is a file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
