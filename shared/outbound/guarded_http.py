"""HTTP to servers that others name: to addresses that the guard lets pass, within seconds, few bytes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from shared.outbound.address_guard import AddressGuard, AddressRefused

TIMEOUT_S = 5.0


PUBLIC = AddressGuard()
HTTP_OK = 200


class ResponseTooLarge(Exception):
    """The server answers with more than is read."""


class CannotFetch(Exception):
    """Nothing was fetched; the message says why, and names no address."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone; TLS is still checked against the host's name."""

    def __init__(self, guard: AddressGuard, backend: httpcore.AsyncNetworkBackend | None) -> None:
        self._guard = guard
        self._backend = backend or httpcore.AnyIOBackend()

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


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that the system trusts: read once, since that takes as long as many requests."""
    return ssl.create_default_context()


def guarded_pool(
    guard: AddressGuard,
    *,
    connections: int,
    backend: httpcore.AsyncNetworkBackend | None = None,
    trusted: ssl.SSLContext | None = None,
) -> httpcore.AsyncConnectionPool:
    """Connections as the guard allows: no proxy is heeded, and no redirect followed.

    :param backend: set by tests: what connects to an address that was checked.
    :param trusted: set by tests: the authorities that servers' certificates come from.
    """
    return httpcore.AsyncConnectionPool(
        ssl_context=trusted or _trusted(),
        max_connections=connections,
        network_backend=_GuardedBackend(guard, backend),
    )


@asynccontextmanager
async def guarded_client(
    guard: AddressGuard, backend: httpcore.AsyncNetworkBackend | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that follows no redirects, heeds no proxy, and connects as the guard allows.

    :param backend: set by tests: what connects to an address that was checked.
    """
    transport = httpx.AsyncHTTPTransport(verify=_trusted(), trust_env=False)
    transport._pool = guarded_pool(guard, connections=4, backend=backend)  # noqa: SLF001  (httpx has no parameter)
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


async def fetch_public(
    url: str, *, most_bytes: int, backend: httpcore.AsyncNetworkBackend | None = None
) -> bytes:
    """What an https address of the public Internet answers with 200; no redirect is followed.

    :param most_bytes: of the answer.
    :raises CannotFetch: when there is no such answer in time.
    """
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise CannotFetch("the address is none of https")
    try:
        async with asyncio.timeout(TIMEOUT_S), guarded_client(PUBLIC, backend) as client:
            status, body = await read_bounded(client, url, most_bytes=most_bytes)
    except AddressRefused as error:
        raise CannotFetch("the host is not one of the public Internet") from error
    except ResponseTooLarge as error:
        raise CannotFetch("the answer is too long") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        raise CannotFetch(f"the connection failed ({type(error).__name__})") from error
    if status != HTTP_OK:
        raise CannotFetch(f"the answer is {status}")
    return body
