"""Requests that no HTTP library would send, and the status of their responses."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RawRequest:
    """A request in all its bytes."""

    method: str = "GET"
    target: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    name: str = ""

    def encoded(self, host: str) -> bytes:
        headers = {"host": host, **self.headers}
        if self.body or self.method not in {"GET", "DELETE", "OPTIONS"}:
            headers["content-length"] = str(len(self.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + self.body


class RawConnection:
    """A connection that reconnects when the server has closed it, and counts that."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, False
        self.opened = 0

    async def status(self, request: RawRequest) -> int:
        """The status of the response; 0 when the server closes the connection without one."""
        for _ in range(2):
            fresh = not self._open
            if fresh:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
                self._open, self.opened = True, self.opened + 1
            try:
                self._writer.write(request.encoded(f"127.0.0.1:{self._port}"))
                return await self._read()
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if fresh:
                    return 0
        return 0

    async def _read(self) -> int:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await self._reader.readexactly(int(length or 0))
        if b"connection: close" in head or not length:
            self.close()
        return int(head.split(None, 2)[1])

    def close(self) -> None:
        if self._open:
            self._writer.close()
            self._open = False
