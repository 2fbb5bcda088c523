"""Endpoints of webhooks in a process of their own: /good answers at once, /slow after five seconds."""

import asyncio
import sys
from typing import Any

import uvloop

SLOW_S = 5.0
ANSWER = b"HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport  # uvloop's is no instance of asyncio's classes
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._received = body[length:]
        delay_s = SLOW_S if head.startswith(b"POST /slow") else 0.0
        asyncio.get_running_loop().call_later(delay_s, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
