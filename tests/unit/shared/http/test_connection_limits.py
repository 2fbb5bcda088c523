import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from support.http_clients import an_app
from support.servers import RunningServer, StartServer

from shared.http.connection_limits import ConnectionLimits
from shared.http.request_limits import RequestLimits
from shared.http.routes import CheckedRoute

GET = b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n"
POST = b"POST /reads HTTP/1.1\r\nhost: t\r\ncontent-type: application/x-www-form-urlencoded\r\n"
SHORT = ConnectionLimits(head_s=0.3, rest_s=0.3, next_s=0.3, unread_s=0.3, connections=100)
MAX_WAIT_S = 20.0
"""Seconds within which a connection has certainly ended; the limits above are a fraction of it."""


class Sample:
    """A service with routes that read a form, ignore it, wait for ``go_on``, or never end."""

    def __init__(self) -> None:
        router = APIRouter(route_class=CheckedRoute)
        self.go_on, self.ended = asyncio.Event(), asyncio.Event()

        @router.post("/reads")
        async def reads(request: Request) -> int:
            return len(await request.form())

        @router.post("/ignores")
        async def ignores() -> str:
            return "answered"

        @router.get("/waits")
        async def waits() -> str:
            await self.go_on.wait()
            return "answered"

        @router.get("/endless")
        async def endless() -> Response:
            async def chunks() -> AsyncIterator[bytes]:
                try:
                    while True:
                        yield b"x" * 65_536
                        await asyncio.sleep(0)
                finally:
                    self.ended.set()

            return StreamingResponse(chunks())

        limits = RequestLimits(body_grace_s=0.3, body_bytes_per_s=1_000_000)
        self.app = an_app([router], limits=limits)


@pytest.fixture
def sample() -> Sample:
    return Sample()


@asynccontextmanager
async def connected(server: RunningServer) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest_of(reader: StreamReader) -> bytes:
    """Everything until the server closes or resets the connection."""
    received = b""
    async with asyncio.timeout(MAX_WAIT_S):
        try:
            while part := await reader.read(65_536):
                received += part
        except ConnectionResetError:
            pass
    return received


async def status_of(server: RunningServer, request: bytes = GET) -> int:
    async with connected(server) as (reader, writer):
        writer.write(request.replace(b"host: t\r\n", b"host: t\r\nconnection: close\r\n"))
        return int((await rest_of(reader)).split()[1])


async def send_slowly(reader: StreamReader, writer: StreamWriter, one: bytes = b"a") -> bytes:
    """Send one part again and again until the server closes; what it sent."""
    received = asyncio.ensure_future(rest_of(reader))
    while not received.done():
        writer.write(one)
        await asyncio.wait([received], timeout=0.02)
    return received.result()


@pytest.mark.parametrize(
    "begun", [b"", b"\r\n", b"G", b"GET /healthz HTTP/1.1\r\n", GET[:-2], GET[:-2] + b"x-a: "]
)
@pytest.mark.parametrize("before", [b"", GET], ids=["first", "second"])
async def test_a_connection_without_a_complete_head_is_closed(
    run: StartServer, sample: Sample, before: bytes, begun: bytes
) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer):
        writer.write(before + begun)
        received = await rest_of(reader)
    assert received.count(b"HTTP/1.1 200") == before.count(b"GET")
    assert (b"HTTP/1.1 408" in received) == bool(begun.strip())


@pytest.mark.parametrize("head", [b"GET /", b"GET / HTTP/1.1\r\nx-a: ", GET[:-2]])
async def test_a_head_that_arrives_slowly_is_refused(run: StartServer, sample: Sample, head: bytes) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer):
        writer.write(head)
        assert b"408" in await send_slowly(reader, writer)


@pytest.mark.parametrize("part", [b"a" * 65_536, b"a: b\r\n" * 10_000, b"a\r\n b" * 10_000])
async def test_a_head_without_end_is_refused_at_its_size_limit(
    run: StartServer, sample: Sample, part: bytes
) -> None:
    server = await run(sample.app, limits=replace(SHORT, head_s=MAX_WAIT_S))
    async with connected(server) as (reader, writer):
        writer.write(GET[:-2])
        parts, received = 0, asyncio.ensure_future(rest_of(reader))
        while not received.done() and parts < 64:
            writer.write(b"x-a: " + part)
            parts += 1
            await asyncio.wait([received], timeout=0.01)
        assert received.done()
        assert received.exception() is None  # the server has ended it, and not our patience
    assert await status_of(server) == 200


@pytest.mark.parametrize("length", [b"content-length: 1000", b"transfer-encoding: chunked"])
@pytest.mark.parametrize("begun", [b"", b"3\r\na=b\r\n"])
async def test_a_body_that_stops_is_a_408(
    run: StartServer, sample: Sample, length: bytes, begun: bytes
) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer):
        writer.write(POST + length + b"\r\n\r\n" + begun)
        received = await rest_of(reader)
    assert received.startswith(b"HTTP/1.1 408")
    assert b"This came too slowly." in received


async def test_a_body_below_the_pace_is_a_408(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer):
        writer.write(POST + b"content-length: 100000\r\n\r\n")
        assert (await send_slowly(reader, writer)).startswith(b"HTTP/1.1 408")


async def test_a_body_that_is_not_read_gets_a_deadline(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer):
        writer.write(b"POST /ignores HTTP/1.1\r\nhost: t\r\ncontent-length: 100000\r\n\r\n")
        assert b"answered" in await send_slowly(reader, writer)


async def test_a_body_that_arrives_after_its_response_keeps_the_connection(
    run: StartServer, sample: Sample
) -> None:
    server = await run(sample.app, limits=replace(SHORT, rest_s=MAX_WAIT_S))
    async with connected(server) as (reader, writer):
        writer.write(b"POST /ignores HTTP/1.1\r\nhost: t\r\ncontent-length: 3\r\n\r\n")
        await reader.readuntil(b"answered")
        writer.write(b"a=b" + GET)
        assert b"HTTP/1.1 200" in await reader.readuntil(b"\r\n\r\n")
        await rest_of(reader)


async def test_a_client_that_waits_for_our_response_is_never_disconnected(
    run: StartServer, sample: Sample
) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer), connected(server) as (idle, idler):
        writer.write(GET.replace(b"healthz", b"waits"))
        idler.write(GET)
        await rest_of(idle)
        sample.go_on.set()
        assert b"answered" in await rest_of(reader)


async def test_a_client_that_reads_nothing_is_disconnected(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app, limits=SHORT)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    writer.write(GET.replace(b"healthz", b"endless"))
    await asyncio.wait_for(sample.ended.wait(), MAX_WAIT_S)
    writer.close()


async def test_at_the_limit_a_connection_without_a_request_gives_way_to_one_with_a_request(
    run: StartServer, sample: Sample
) -> None:
    server = await run(sample.app, limits=ConnectionLimits(connections=8))
    many = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
    for _, writer in many:
        writer.write(GET[:-2])
    assert [await status_of(server) for _ in range(5)] == [200] * 5
    ended = [rest_of(reader) for reader, _ in many[:12]]
    await asyncio.gather(*ended)
    for _, writer in many:
        writer.close()


async def test_when_all_connections_are_busy_the_next_one_is_refused_with_retry_after(
    run: StartServer, sample: Sample
) -> None:
    server = await run(sample.app, limits=ConnectionLimits(connections=3))
    many = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
    for _, writer in many:
        writer.write(GET.replace(b"healthz", b"waits"))
    async with connected(server) as (reader, _):
        received = await rest_of(reader)
    assert received.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 5" in received
    sample.go_on.set()
    for reader, writer in many:
        assert b"200" in await reader.readline()
        writer.close()


async def test_too_many_pipelined_requests_close_their_connection(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app)
    async with connected(server) as (reader, writer):
        writer.write(GET.replace(b"healthz", b"waits") + GET * 1_000)
        assert await rest_of(reader) == b""
    sample.go_on.set()
    assert await status_of(server) == 200


async def test_a_few_pipelined_requests_are_answered_in_their_order(run: StartServer, sample: Sample) -> None:
    server = await run(sample.app, limits=SHORT)
    async with connected(server) as (reader, writer):
        writer.write(GET * 10)
        assert (await rest_of(reader)).count(b"HTTP/1.1 200") == 10
