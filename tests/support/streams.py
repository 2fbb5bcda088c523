"""Reads event streams over ASGI: httpx would wait for the end of the response, and a stream has none."""

import asyncio
from typing import Any

from support.companies import Person, World


async def stream_until_change(world: World, service: str, path: str, person: Person) -> str:
    """The text of a stream up to its first change; the changes of one read arrive together.

    :raises TimeoutError: when there is no change within 20 s.
    """
    received, left = [], asyncio.Event()
    raw = [(name.encode(), value.encode()) for name, value in person.headers(page=True).items()]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": raw, "http_version": "1.1", "scheme": "http", "server": ("afterword.example", 80),
        "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    request = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def send(message: Any) -> None:
        received.append(message.get("body", b"").decode())
        if "event: change" in received[-1]:
            left.set()

    async def receive() -> Any:
        if (message := next(request, None)) is not None:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async with asyncio.timeout(20):
        await world.app(service)(scope, receive, send)
    assert left.is_set(), received
    return "".join(received)
