"""Whether a server of the local stack answers."""

import asyncio
import contextlib

import httpx


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
    """Whether a GET is answered with 200."""
    # Plain HTTP on loopback: without this a client reads every certificate of the machine, each time.
    async with httpx.AsyncClient(timeout=5, trust_env=False, verify=False) as client:  # noqa: S501
        try:
            return (await client.get(url)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False
