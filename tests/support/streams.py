"""What a live page says, asked without a server: a client of httpx would wait for its end, which never comes."""

import asyncio
from typing import Any

from support.companies import Person, World


async def heard_of_a_change(world: World, service: str, path: str, person: Person) -> str:
    """All that a live page says up to its first change; changes of one look are told together.

    :raises TimeoutError: when it tells of no change within 20 s.
    """
    heard, left = [], asyncio.Event()
    raw = [(name.encode(), value.encode()) for name, value in person.headers(page=True).items()]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": raw, "http_version": "1.1", "scheme": "http", "server": ("afterword.example", 80),
        "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    request = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def send(message: Any) -> None:
        heard.append(message.get("body", b"").decode())
        if "event: change" in heard[-1]:
            left.set()

    async def receive() -> Any:
        if (whole := next(request, None)) is not None:
            return whole
        await left.wait()
        return {"type": "http.disconnect"}

    async with asyncio.timeout(20):
        await world.app(service)(scope, receive, send)
    assert left.is_set(), heard
    return "".join(heard)
