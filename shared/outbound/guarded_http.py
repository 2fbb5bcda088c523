"""HTTP to servers that companies name: to addresses that the guard lets pass, within seconds, few bytes."""

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpcore
import httpx

from shared.outbound.address_guard import AddressGuard

TIMEOUT_S = 5.0


class ResponseTooLarge(Exception):
    """The server answers with more than is read."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone; TLS is still checked against the host's name."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the signature is httpcore's)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._guard.addresses(host, port)
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("no company names a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


@asynccontextmanager
async def guarded_client(guard: AddressGuard) -> AsyncIterator[httpx.AsyncClient]:
    """A client that follows no redirects, heeds no proxy, and connects as the guard allows."""
    transport = httpx.AsyncHTTPTransport(trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001  (httpx has no way to pass a backend)
        ssl_context=ssl.create_default_context(),
        max_connections=4,
        network_backend=_GuardedBackend(guard),
    )
    async with httpx.AsyncClient(
        transport=transport, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
    ) as client:
        yield client


async def read_bounded(
    client: httpx.AsyncClient, url: str, *, most_bytes: int, auth: tuple[str, str] | None = None
) -> tuple[int, bytes]:
    """The status and the body of a GET.

    :raises ResponseTooLarge: when the body has more bytes.
    :raises httpx.HTTPError: when the server does not answer in time.
    """
    async with client.stream("GET", url, auth=auth) as response:
        body = b""
        async for part in response.aiter_bytes():
            body += part
            if len(body) > most_bytes:
                raise ResponseTooLarge
        return response.status_code, body
