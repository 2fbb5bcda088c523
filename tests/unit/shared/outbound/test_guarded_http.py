"""What is fetched comes from the public Internet, whatever a name resolves to, and however often it changes."""

import socket
from collections.abc import Callable, Sequence
from typing import Any

import httpcore
import pytest

from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import CannotFetch, fetch_public

NOT_PUBLIC = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "192.0.2.1", "2001:db8::1"),
)
"""Of documentation, private, loopback, link-local, shared and multicast, and IPv6 that leads to such IPv4."""


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_beside_ours_do_not_pass(address: str) -> None:
    assert not AddressGuard().passes(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "::ffff:93.184.215.14"])
def test_others_do(address: str) -> None:
    assert AddressGuard().passes(address)


class Connecting(httpcore.AsyncMockBackend):
    """Remembers where it was to connect to."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody") -> None:
        super().__init__([answer])
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, *given: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        return await super().connect_tcp(host, *given, **named)


Resolving = Callable[..., None]


@pytest.fixture
async def resolving(monkeypatch: pytest.MonkeyPatch) -> Resolving:
    """Lets names resolve to these addresses, one set after the other, and then to none."""

    def use(*answers: Sequence[str]) -> None:
        left = list(answers)

        def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            assert (host, port) == ("certificates.example", 443)
            if not left:
                raise OSError
            return [(0, 0, 0, "", (address, port)) for address in left.pop(0)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return use


URL = "https://certificates.example/one.pem"


async def test_the_connection_goes_to_the_address_that_was_checked(resolving: Resolving) -> None:
    resolving(["93.184.215.14"], ["127.0.0.1"])
    backend = Connecting()
    assert await fetch_public(URL, most_bytes=10, backend=backend) == b"body"
    assert backend.asked == ["93.184.215.14"]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], []])
async def test_a_host_with_any_other_address_is_not_connected_to(
    resolving: Resolving, addresses: list[str]
) -> None:
    resolving(addresses)
    backend = Connecting()
    with pytest.raises(CannotFetch, match="public"):
        await fetch_public(URL, most_bytes=10, backend=backend)
    assert backend.asked == []


async def test_a_host_that_is_not_known_other_schemes_and_long_answers_are_refused(
    resolving: Resolving,
) -> None:
    backend = Connecting()
    resolving()
    with pytest.raises(CannotFetch):
        await fetch_public(URL, most_bytes=10, backend=backend)
    for url in ("http://certificates.example/", "file:///etc/passwd", "https:///"):
        with pytest.raises(CannotFetch, match="https"):
            await fetch_public(url, most_bytes=10, backend=backend)
    assert backend.asked == []
    resolving(["93.184.215.14"])
    with pytest.raises(CannotFetch, match="long"):
        await fetch_public(URL, most_bytes=3, backend=backend)


async def test_a_redirect_leads_nowhere(resolving: Resolving) -> None:
    resolving(["93.184.215.14"])
    moved = Connecting(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(CannotFetch, match="302"):
        await fetch_public(URL, most_bytes=10, backend=moved)
    assert moved.asked == ["93.184.215.14"]
