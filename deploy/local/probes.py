"""Whether a server of the local stack answers."""

import asyncio
import contextlib
from urllib.parse import urlsplit


async def accepts(port: int) -> bool:
    """Whether a TCP connection to this port of the loopback is accepted."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def answers(url: str) -> bool:
    """Whether a GET to a server on this machine is answered with 200 within five seconds.

    Written by hand: it runs ten times a second while every program of the stack starts, and an HTTP client
    costs a hundred times more processor time.
    """
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                version, _, status = (await reader.readline()).decode("latin-1").partition(" ")
                return version.startswith("HTTP/1.") and status.startswith("200")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
