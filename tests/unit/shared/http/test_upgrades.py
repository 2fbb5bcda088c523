"""A request that asks for another protocol is answered as if it did not ask, and its body is never a request."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from fastapi import APIRouter, Request
from httptools import HttpParserError, HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st
from support.http_clients import an_app
from support.servers import RunningServer, StartServer

from shared.http.connection_limits import ConnectionLimits
from shared.http.routes import CheckedRoute
from shared.http.upgrades import NoUpgradeParser

ASKS = b"connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
"""What Java's client sends with its first request to an address in the clear."""
POST = b"POST /reads HTTP/1.1\r\nhost: t\r\n"
SMUGGLED = b"GET /places/stolen HTTP/1.1\r\nhost: t\r\n\r\n"
LAST = b"GET /places/last HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n"
MAX_WAIT_S = 5.0


def a_post(body: bytes, asks: bytes = ASKS) -> bytes:
    return POST + asks + b"content-length: %d\r\n\r\n%b" % (len(body), body)


class Sample:
    """A service that keeps what reaches it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.begun = asyncio.Event()
        router = APIRouter(route_class=CheckedRoute)

        @router.post("/reads")
        async def reads(request: Request) -> str:
            self.headers = request.scope["headers"]
            self.begun.set()
            self.seen.append((await request.body()).decode())
            return "read"

        @router.get("/places/{place}")
        async def gets(place: str) -> str:
            self.seen.append(place)
            return place

        self.app = an_app([router])


@pytest.fixture
def sample() -> Sample:
    return Sample()


class Connection:
    """A client's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.send, self._reader = writer.write, reader

    async def answers(self) -> list[int]:
        """The status of each answer until the server closes."""
        async with asyncio.timeout(MAX_WAIT_S):
            received = await self._reader.read()
        return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@asynccontextmanager
async def connected(server: RunningServer) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


async def test_its_body_is_read_and_the_connection_goes_on(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app)
    async with connected(server) as connection:
        connection.send(a_post(b"one") + a_post(b"two") + LAST)
        assert await connection.answers() == [200, 200, 200]
    assert sample.seen == ["one", "two", "last"]


async def test_a_body_that_comes_later_is_not_read_as_a_request(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app)
    async with connected(server) as connection:
        connection.send(a_post(SMUGGLED)[: -len(SMUGGLED)])
        await asyncio.wait_for(sample.begun.wait(), MAX_WAIT_S)
        connection.send(SMUGGLED + LAST)
        assert await connection.answers() == [200, 200]
    assert sample.seen == [SMUGGLED.decode(), "last"]


async def test_a_body_in_chunks_is_read(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app)
    async with connected(server) as connection:
        chunks = b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\n=b\r\n0\r\n\r\n"
        connection.send(POST + ASKS + chunks + LAST)
        assert await connection.answers() == [200, 200]
    assert sample.seen == ["a=b", "last"]


async def test_the_service_gets_its_other_headers_in_their_order(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app)
    async with connected(server) as connection:
        connection.send(POST + ASKS + b"X-A: 2\r\nx-a:\r\nX-a: \xe9,  1\r\nconnection: close\r\n\r\n")
        assert await connection.answers() == [200]
    assert sample.headers == [
        (b"host", b"t"),
        (b"connection", b"Upgrade, HTTP2-Settings"),
        (b"http2-settings", b"AAEAAEAAAAIAAAAB"),
        (b"x-a", b"2"),
        (b"x-a", b""),
        (b"x-a", b"\xe9,  1"),
        (b"connection", b"close"),
    ]


@pytest.mark.parametrize(
    "lengths",
    [
        b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 3\r\ncontent-length: 30\r\n",
        b"content-length: 3,30\r\n",
        b"content-length: +3\r\n",
        b"transfer-encoding: gzip\r\n",
        b"transfer-encoding: chunked, identity\r\n",
    ],
)
async def test_lengths_that_contradict_each_other_are_refused_as_without_it(
    run: StartServer, sample: Sample, lengths: bytes
) -> None:
    server = await run(sample.app)
    found = []
    for asks in (b"", ASKS):
        async with connected(server) as connection:
            connection.send(POST + asks + lengths + b"\r\na=b" + LAST)
            found.append(await connection.answers())
    # Without an answer where the request had begun before its fault was seen.
    assert found in ([[400], [400]], [[], []])
    assert sample.seen == []


async def test_a_tunnel_is_refused_and_nothing_behind_it_is_read(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app)
    for headers in (b"", ASKS, b"content-length: %d\r\n" % len(SMUGGLED)):
        async with connected(server) as connection:
            connection.send(b"CONNECT t:443 HTTP/1.1\r\nhost: t:443\r\n" + headers + b"\r\n" + SMUGGLED)
            assert await connection.answers() == [400]
    assert sample.seen == []


async def test_a_body_that_does_not_come_is_waited_for_as_without_it(
    run: StartServer, sample: Sample
) -> None:
    server = await run(sample.app, limits=ConnectionLimits(head_s=0.3, rest_s=0.3, next_s=0.3))
    async with connected(server) as connection:
        connection.send(LAST.replace(b"connection: close\r\n", ASKS))
        assert await connection.answers() == [200]
    async with connected(server) as connection:
        connection.send(POST + ASKS)
        assert await connection.answers() == [408]
    async with connected(server) as connection:
        connection.send(LAST.replace(b"connection: close\r\n", ASKS) * 100)
        assert await connection.answers() == []


class Recorder:
    """What a parser reports, as uvicorn keeps it."""

    def __init__(self, kind: type[HttpRequestParser]) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.url, self.found = b"", list[Any]()
        self.parser = kind(self)

    def on_message_begin(self) -> None:
        self.url, self.headers, self._body = b"", [], b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            lines = [line for line in self.headers if line[0] != b"upgrade"]
            version, alive = self.parser.get_http_version(), self.parser.should_keep_alive()
            self.found.append((self.parser.get_method(), version, alive, self.url, lines, self._body))


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request of one of many forms, which may ask for another protocol."""
    method = draw(st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE"]))
    version = draw(st.sampled_from([b"1.1", b"1.0"]))
    lines = draw(
        st.lists(
            st.sampled_from(
                [
                    b"Upgrade: h2c",
                    b"UPGRADE:websocket",
                    b"upgrade: a, b",
                    b"connection: upgrade",
                    b"Connection: keep-alive, Upgrade",
                    b"x-upgrade: h2c",
                    b"x: ",
                    b"x: \xe9  y ",
                ]
            ),
            max_size=5,
        )
    )
    body = draw(st.sampled_from([b"", b"x", SMUGGLED, b"\r\n\r\n"]))
    if draw(st.booleans()):
        lines.append(b"transfer-encoding: chunked")
        trailer = draw(st.sampled_from([b"", b"x-t: 1\r\n", b"upgrade: h2c\r\nconnection: upgrade\r\n"]))
        content = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n" + trailer + b"\r\n"
    else:
        lines.append(b"content-length: %d" % len(body))
        content = body
    head = b"%b /%d HTTP/%b\r\n" % (method, draw(st.integers(0, 99)), version)
    return head + b"".join(line + b"\r\n" for line in draw(st.permutations(lines))) + b"\r\n" + content


def segments(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[begin:end] for begin, end in pairwise(places))


@given(st.lists(requests(), min_size=1, max_size=4), st.lists(st.integers(0, 2_000), max_size=6))
def test_any_requests_cut_anywhere_are_those_that_they_are_without_it(
    sent: list[bytes], cuts: list[int]
) -> None:
    wanted, found = Recorder(HttpRequestParser), Recorder(NoUpgradeParser)
    wanted.parser.set_dangerous_leniencies(lenient_data_after_close=True)
    wanted.parser.feed_data(b"".join(without_upgrade(request) for request in sent))
    for segment in segments(b"".join(sent), cuts):
        found.parser.feed_data(segment)
    assert found.found == wanted.found


def without_upgrade(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"upgrade:")]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


JUNK = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"x", b"\0", b"\xff", b"upgrade:h2c\r\n", SMUGGLED]
    ),
    max_size=12,
).map(b"".join)


@given(JUNK, JUNK, st.lists(st.integers(0, 400), max_size=4))
def test_what_is_read_again_has_the_lines_that_came_and_no_others(
    head: bytes, body: bytes, cuts: list[int]
) -> None:
    recorder = Recorder(NoUpgradeParser)
    try:
        for segment in segments(POST + ASKS + head + b"\r\n\r\n" + body, cuts):
            recorder.parser.feed_data(segment)
    except HttpParserError:
        pass  # as of any request
    assert not [line for line in recorder.headers if set(b"".join(line)) & set(b"\r\n")]
    assert not [each for each in recorder.found if b"upgrade" in dict(each[4])]
