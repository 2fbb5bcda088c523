import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from support.eventually import eventually
from support.http_clients import an_app
from support.servers import StartServer, free_port

from shared.http.live import LiveChange, LiveFeed
from shared.http.routes import CheckedRoute
from shared.http.server import ServerDied, serve
from shared.http.staff_auth import ACCESS_COOKIE, Staff

SECRET = "a secret of at least thirty-two characters"


async def test_it_serves_until_it_is_stopped(run: StartServer) -> None:
    ended = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        ended.append(True)

    server = await run(an_app([], lifespan=lifespan))
    server.stopping.set()
    await asyncio.wait_for(server.task, 5)
    assert ended == [True]


async def test_a_request_that_the_stop_interrupts_gets_503_with_retry_after(
    run: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.http.server.STOP_GRACE_S", 1)
    router, begun = APIRouter(route_class=CheckedRoute), asyncio.Event()

    @router.get("/endless")
    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    server = await run(an_app([router]))
    async with httpx2.AsyncClient(base_url=server.url) as client:
        waiting = asyncio.create_task(client.get("/endless"))
        await begun.wait()
        server.stopping.set()
        answer = await waiting
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"


async def test_a_taken_port_is_an_error_and_not_an_exit(run: StartServer) -> None:
    server = await run(an_app([]))
    with pytest.raises(OSError, match="in use"):
        await serve(an_app([]), server.port, asyncio.Event())


async def test_an_application_that_does_not_start_is_an_error() -> None:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    with pytest.raises(ServerDied):
        await serve(an_app([], lifespan=lifespan), free_port(), asyncio.Event())


async def test_many_requests_on_one_connection_do_not_wait_for_nagle(run: StartServer) -> None:
    server = await run(an_app([]))
    async with httpx2.AsyncClient(base_url=server.url) as client:
        serving = server.task.get_coro()
        assert inspect.iscoroutine(serving)
        assert serving.cr_frame is not None
        listener = serving.cr_frame.f_locals["listener"]
        assert listener.proto == socket.IPPROTO_TCP
        assert [(await client.get("/healthz")).status_code for _ in range(20)] == [200] * 20


def live_app(stopping: asyncio.Event, staff: Staff) -> FastAPI:
    async def nothing(_tenants: Collection[str]) -> list[LiveChange]:
        return []

    feed, router = LiveFeed(nothing, stopping, min_interval_s=0.02), APIRouter(route_class=CheckedRoute)

    @router.get("/live")
    async def live(request: Request) -> StreamingResponse:
        return feed.response(request, staff)

    app = an_app([router])
    app.state.feed = feed
    return app


async def test_an_open_live_stream_does_not_hold_up_the_stop_and_head_does_not_hang(
    run: StartServer, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.http.server.STOP_GRACE_S", 60)
    stopping = asyncio.Event()
    app = live_app(stopping, staff)
    server = await run(app, stopping)
    cookies = {ACCESS_COOKIE: app.state.http.access.sign(staff)}
    async with httpx2.AsyncClient(base_url=server.url, cookies=cookies) as client:
        head = await asyncio.wait_for(client.head("/live"), 30)
        assert head.headers["content-type"].startswith("text/event-stream")
        async with client.stream("GET", "/live") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == ": hello"
            stopping.set()
            await asyncio.wait_for(server.task, 30)


async def test_the_stream_of_a_browser_that_leaves_is_closed(run: StartServer, staff: Staff) -> None:
    stopping = asyncio.Event()
    app = live_app(stopping, staff)
    server = await run(app, stopping)
    cookies = {ACCESS_COOKIE: app.state.http.access.sign(staff)}
    async with httpx2.AsyncClient(base_url=server.url, cookies=cookies) as client:
        async with client.stream("GET", "/live") as stream:
            await anext(stream.aiter_lines())
            assert len(app.state.feed._listeners) == 1
        await eventually(lambda: not app.state.feed._listeners)


@pytest.mark.parametrize(
    ("trusted", "client_address"),
    [
        ("127.0.0.1", ["203.0.113.7", "https"]),
        ("*", ["203.0.113.7", "https"]),
        ("10.0.0.0/8", ["127.0.0.1", "http"]),
    ],
)
async def test_only_a_trusted_proxy_may_set_the_clients_address(
    run: StartServer, trusted: str, client_address: list[str]
) -> None:
    router = APIRouter(route_class=CheckedRoute)

    @router.get("/caller")
    async def client_of(request: Request) -> list[str]:
        assert request.client is not None
        return [request.client.host, request.url.scheme]

    server = await run(an_app([router]), trusted_proxies=trusted)
    forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    async with httpx2.AsyncClient(base_url=server.url, headers=forwarded) as client:
        assert (await client.get("/caller")).json() == client_address
