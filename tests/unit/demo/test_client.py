"""A request that cannot be answered now is retried; one that is refused permanently ends the demo."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from deploy.demo.client import DemoClient, DemoStopped, RequestRefused
from shared.runtime import Backoff


@asynccontextmanager
async def an_api(answers: Sequence[str]) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives these answers in turn, the last one for ever."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        status = answers[min(len(requests), len(answers)) - 1]
        writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests


async def test_an_api_that_is_not_ready_is_called_again_until_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Backoff, "next", lambda _: 0.01)
    async with an_api(["401 Unauthorized", "503 Service Unavailable", "429 Too Many Requests", "200 OK"]) as (
        url,
        requests,
    ):
        client = DemoClient(url, "a key", asyncio.Event())
        assert await client.get("/v1/scores") == {}
        await client.close()
    assert len(requests) == 4
    assert all(b"authorization: bearer a key" in request.lower() for request in requests)


async def test_a_request_that_is_refused_permanently_is_not_retried() -> None:
    async with an_api(["422 Unprocessable Content"]) as (url, requests):
        client = DemoClient(url, None, asyncio.Event())
        with pytest.raises(RequestRefused, match="POST /v1/events: 422"):
            await client.post("/v1/events", {})
        await client.close()
    assert len(requests) == 1


async def test_the_wait_for_a_retry_ends_with_the_demo() -> None:
    stopping = asyncio.Event()
    async with an_api(["503 Service Unavailable\r\nRetry-After: 3600"]) as (url, requests):
        client = DemoClient(url, None, stopping)
        waiting = asyncio.create_task(client.get("/v1/scores"))
        while not requests:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        stopping.set()
        with pytest.raises(DemoStopped):
            await asyncio.wait_for(waiting, 5)
        await client.close()


async def test_an_api_that_is_away_is_waited_for() -> None:
    stopping = asyncio.Event()
    client = DemoClient("http://127.0.0.1:9", None, stopping)
    waiting = asyncio.create_task(client.get("/v1/scores"))
    done, _ = await asyncio.wait({waiting}, timeout=0.5)
    assert not done
    stopping.set()
    with pytest.raises(DemoStopped):
        await asyncio.wait_for(waiting, 15)
    await client.close()
