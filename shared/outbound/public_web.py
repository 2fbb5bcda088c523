"""Fetch what somebody else names the address of, such as a certificate: from the public Internet alone.

A host is resolved once, all that it resolves to must be public, and the connection goes to an address that
was checked: neither a name for a machine beside ours nor a resolver that changes its answer gets anywhere.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpcore

FETCH_TIMEOUT_S = 5.0
"""For the whole of it."""
_TRANSLATED = tuple(
    IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""IPv6 addresses that stand for IPv4 ones (RFC 6052, RFC 3056, RFC 4380)."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class CannotFetch(Exception):
    """Nothing was fetched; the message says why, and names no address."""


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        if mapped is not None:
            return _is_global(mapped)
        if any(found in network for network in _TRANSLATED):
            return False
    return _is_global(found)


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host.

    :raises OSError: when it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses alone."""

    def __init__(self, resolve: Resolve, inner: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._resolve = resolve
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the library's interface)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise CannotFetch("the host is not known") from error
        if not addresses or not all(map(is_public, addresses)):
            raise CannotFetch("the host is not one of the public Internet")
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


async def fetch_public(
    url: str,
    *,
    max_bytes: int,
    timeout_s: float = FETCH_TIMEOUT_S,
    resolve: Resolve = resolve,
    inner: httpcore.AsyncNetworkBackend | None = None,
) -> bytes:
    """What an https address answers with 200; it is sent nowhere else.

    :param max_bytes: of the answer.
    :raises CannotFetch: when there is no such answer in time.
    """
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise CannotFetch("the address is none of https")
    try:
        async with (
            asyncio.timeout(timeout_s),
            httpcore.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(), network_backend=PublicNetwork(resolve, inner)
            ) as pool,
            pool.stream("GET", url) as answer,
        ):
            if answer.status != 200:  # noqa: PLR2004  (HTTP's own)
                raise CannotFetch(f"the answer is {answer.status}")
            body = b""
            async for part in answer.aiter_stream():
                body += part
                if len(body) > max_bytes:
                    raise CannotFetch("the answer is too long")
            return body
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise CannotFetch(f"the connection failed ({type(error).__name__})") from error
    except httpcore.UnsupportedProtocol as error:
        raise CannotFetch("the address is none of https") from error
    except TimeoutError as error:
        raise CannotFetch("there was no answer in time") from error
    except OSError as error:
        raise CannotFetch("the connection failed") from error
