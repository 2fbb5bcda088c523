"""Whether a server of the local stack answers."""

import asyncio
import contextlib
from urllib.parse import urlsplit


async def accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def answers(url: str) -> bool:
    """Whether a GET of a server on this machine is answered with 200, within five seconds.

    By hand, since this asks ten times a second just when every program of the stack wants the processor,
    and an HTTP client costs a hundred times more.
    """
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                version, _, said = (await reader.readline()).decode("latin-1").partition(" ")
                return version.startswith("HTTP/1.") and said.startswith("200")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
