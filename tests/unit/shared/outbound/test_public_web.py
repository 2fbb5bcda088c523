"""What is fetched comes from the public Internet, whatever a name resolves to, and however often it changes."""

from collections.abc import Sequence
from typing import Any

import httpcore
import pytest

from shared.outbound.public_web import CannotFetch, PublicNetwork, fetch_public, is_public

NOT_PUBLIC = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "192.0.2.1", "2001:db8::1"),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_beside_ours_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "::ffff:93.184.215.14"])
def test_others_are(address: str) -> None:
    assert is_public(address)


class Connecting(httpcore.AsyncMockBackend):
    """Remembers where it was to connect to."""

    def __init__(self) -> None:
        super().__init__([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"])
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, *given: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        return await super().connect_tcp(host, *given, **named)


def answering(*answers: Sequence[str]) -> Any:
    """A resolver that answers so, one after the other."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("certificates.example", 443)
        if not left:
            raise OSError
        return left.pop(0)

    return resolve


URL = "https://certificates.example/one.pem"


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    inner = Connecting()
    rebinding = answering(["93.184.215.14"], ["127.0.0.1"])
    assert await fetch_public(URL, max_bytes=10, resolve=rebinding, inner=inner) == b"body"
    assert inner.asked == ["93.184.215.14"]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], []])
async def test_a_host_with_any_other_address_is_not_connected_to(addresses: list[str]) -> None:
    inner = Connecting()
    with pytest.raises(CannotFetch):
        await fetch_public(URL, max_bytes=10, resolve=answering(addresses), inner=inner)
    assert inner.asked == []


async def test_a_host_that_is_not_known_other_schemes_and_long_answers_are_refused() -> None:
    inner = Connecting()
    with pytest.raises(CannotFetch):
        await fetch_public(URL, max_bytes=10, resolve=answering(), inner=inner)
    for url in ("http://certificates.example/", "file:///etc/passwd", "https:///"):
        with pytest.raises(CannotFetch):
            await fetch_public(url, max_bytes=10, resolve=answering(["93.184.215.14"]), inner=inner)
    assert inner.asked == []
    with pytest.raises(CannotFetch):
        await fetch_public(URL, max_bytes=3, resolve=answering(["93.184.215.14"]), inner=inner)


async def test_a_redirect_leads_nowhere() -> None:
    moved = httpcore.AsyncMockBackend([b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"])
    with pytest.raises(CannotFetch):
        await fetch_public(URL, max_bytes=10, resolve=answering(["93.184.215.14"]), inner=moved)
    assert isinstance(PublicNetwork(answering()), httpcore.AsyncNetworkBackend)
