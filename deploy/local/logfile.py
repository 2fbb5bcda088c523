"""The output of one program: its file, and who else wants to see it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

LARGEST = 10 * 1024 * 1024

Show = Callable[[str, str], None]
"""Called with a program's name and one line that it wrote."""


class LogFile:
    """Lines go to `<folder>/<name>.log`; a full file makes room by becoming `<name>.log.1`."""

    def __init__(self, folder: Path, name: str, show: Show | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.log"
        self._name = name
        self._show = show
        self._file = self.path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        if self._file.tell() > LARGEST:
            self._file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._file = self.path.open("ab", buffering=0)
        self._file.write(line + b"\n")
        if self._show is not None:
            self._show(self._name, line.decode(errors="replace"))

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        self._file.close()


class LineReader(asyncio.Protocol):
    """Hands a pipe on line by line, however long a line may be; `closed` when the last writer is gone."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._rest = b""
        self.closed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._write(line)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # a pipe ends in one way only
        if self._rest:
            self._write(self._rest)
        self.closed.set()
