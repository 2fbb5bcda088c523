"""A message goes to the address that was checked and nowhere else, and each way to fail has its name."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpcore
import pytest

from services.alerts.webhooks import posting
from services.alerts.webhooks.domain import Posted
from services.alerts.webhooks.endpoints import guard_of
from services.alerts.webhooks.posting import post
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import guarded_pool

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
BODY = b'{"type":"webhook.test","data":{}}'
URL = "https://hooks.example.com/afterword"


class Connecting(httpcore.AsyncMockBackend):
    """Remembers where it was to connect to, and answers or fails there."""

    def __init__(self, answer: bytes | Exception) -> None:
        super().__init__([] if isinstance(answer, Exception) else [answer])
        self.fault = answer if isinstance(answer, Exception) else None
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, *given: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        if self.fault is not None:
            raise self.fault
        return await super().connect_tcp(host, *given, **named)


Resolving = Callable[..., None]


@pytest.fixture
async def resolving(monkeypatch: pytest.MonkeyPatch) -> Resolving:
    """Lets names resolve to these addresses, one set after the other, and then to none."""

    def use(*answers: Sequence[str]) -> None:
        left = list(answers)

        def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
            if not left:
                raise OSError
            return [(0, 0, 0, "", (address, port)) for address in left.pop(0)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return use


def an_answer_of(status: int, headers: str = "", body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


async def posted(backend: Connecting, url: str = URL) -> Posted:
    async with guarded_pool(guard_of(AddressGuard(), url), connections=1, backend=backend) as pool:
        return await post(pool, url, {"webhook-id": "msg_1"}, BODY, NOW)


async def test_a_name_that_leads_inwards_at_its_second_answer_is_never_followed_there(
    resolving: Resolving,
) -> None:
    resolving(["93.184.215.14"], ["127.0.0.1"])
    backend = Connecting(an_answer_of(204))
    assert (await posted(backend)).fault is None
    second = await posted(backend)
    assert (second.fault, second.status) == ("address", None)
    assert backend.asked == ["93.184.215.14"]


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://169.254.169.254/", ["169.254.169.254"]),
        ("https://[::ffff:10.0.0.1]/", ["::ffff:10.0.0.1"]),
        ("https://[64:ff9b::a9fe:a9fe]/", ["64:ff9b::a9fe:a9fe"]),
        ("https://2130706433/", ["127.0.0.1"]),
        ("https://localhost./", ["127.0.0.1", "::1"]),
        (URL, ["93.184.215.14", "::1"]),
        (URL, ["2002:a9fe:a9fe::"]),
        ("http://hooks.example.com/", ["93.184.215.14"]),
        ("https://hooks.example.com:6379/", ["93.184.215.14"]),
    ],
)
async def test_no_address_of_the_inner_network_is_connected_to_however_it_is_written(
    resolving: Resolving, url: str, addresses: list[str]
) -> None:
    resolving(addresses)
    backend = Connecting(an_answer_of(204))
    assert (await posted(backend, url)).fault == "address"
    assert backend.asked == []
    assert urlsplit(url).scheme in {"http", "https"}


@pytest.mark.parametrize(
    ("status", "headers", "fault", "asked"),
    [
        (200, "", None, None),
        (204, "", None, None),
        (301, "Location: https://127.0.0.1/\r\n", "status", None),
        (400, "Retry-After: 60\r\n", "status", None),
        (410, "", "gone", None),
        (429, "Retry-After: 60\r\n", "status", timedelta(seconds=60)),
        (503, "Retry-After: Sun, 22 Nov 2026 06:00:00 GMT\r\n", "status", timedelta(hours=1)),
        (503, "Retry-After: Sun, 22 Nov 2026 04:00:00 GMT\r\n", "status", timedelta()),
        (503, "Retry-After: soon\r\n", "status", None),
        (503, "Retry-After: -1\r\n", "status", None),
    ],
)
async def test_what_an_endpoint_answers(
    resolving: Resolving, status: int, headers: str, fault: str | None, asked: timedelta | None
) -> None:
    resolving(["93.184.215.14"])
    found = await posted(Connecting(an_answer_of(status, headers)))
    assert (found.status, found.fault, found.retry_after) == (status, fault, asked)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (httpcore.ConnectError("refused"), "connection"),
        (httpcore.ConnectTimeout(), "timeout"),
        (OSError("no route"), "connection"),
        (ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED"), "certificate"),
    ],
    ids=["refused", "silent", "unreachable", "certificate"],
)
async def test_how_a_connection_fails(resolving: Resolving, error: Exception, fault: str) -> None:
    resolving(["93.184.215.14"])
    assert (await posted(Connecting(error))).fault == fault


async def test_a_name_that_nobody_knows_is_no_connection(resolving: Resolving) -> None:
    resolving()
    assert (await posted(Connecting(an_answer_of(204)))).fault == "connection"


async def test_no_request_takes_longer_than_its_time(
    resolving: Resolving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "POST_TIMEOUT_S", 0.05)
    resolving(["93.184.215.14"])

    class Silent(Connecting):
        async def connect_tcp(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
            await asyncio.Event().wait()
            raise AssertionError

    assert (await posted(Silent(b""))).fault == "timeout"


async def test_of_a_long_answer_only_the_beginning_is_read(resolving: Resolving) -> None:
    resolving(["93.184.215.14"])
    found = await posted(Connecting(an_answer_of(500, body=b"x" * 1_000_000)))
    assert (found.fault, len(found.excerpt)) == ("status", posting.MAX_EXCERPT_CHARS)
