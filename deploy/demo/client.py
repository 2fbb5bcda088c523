"""Doors as a client back-end sees them: an address, a key, and patience."""

import asyncio
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from shared.runtime import Backoff, pause

NEW_KEY_TIMEOUT_S = 60.0
"""Seconds; a new key is known everywhere within a few, so then it is a wrong one."""

RETRYABLE_STATUSES = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class DemoStopped(Exception):
    """The demo was asked to end while it waited for a door."""


class RequestRefused(Exception):
    """A door said no for good. The message holds its words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class DemoClient:
    """Calls until a door answers; waits as long as it asks for."""

    def __init__(
        self,
        origin: str,
        key: str | None,
        stopping: asyncio.Event,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._stopping = stopping
        self._client = httpx.AsyncClient(
            base_url=origin,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            # The addresses are of this machine: no proxy of the environment knows them.
            trust_env=False,
            transport=transport,
            timeout=30,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, **parameters: Any) -> Any:
        return (await self._call("GET", path, params=parameters)).json()

    async def post(self, path: str, body: Any, *, once: str = "") -> Any:
        """`once` names the act: said again with the same name, it changes nothing."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": once} if once else {})
        return (await self._call("POST", path, content=msgspec.json.encode(body), headers=headers)).json()

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        backoff, loop = Backoff(), asyncio.get_running_loop()
        known_by = loop.time() + NEW_KEY_TIMEOUT_S
        while not self._stopping.is_set():
            response = await self._try(method, path, **content)
            if response is not None and (
                response.status_code not in RETRYABLE_STATUSES
                or (response.status_code == HTTPStatus.UNAUTHORIZED and loop.time() > known_by)
            ):
                if response.is_server_error or response.is_client_error:
                    words = f"{method} {path}: {response.status_code} {response.text}"
                    raise RequestRefused(response.status_code, words)
                return response
            asked = response.headers.get("Retry-After", "") if response is not None else ""
            await pause(self._stopping, max(backoff.next(), float(asked) if asked.isdecimal() else 0.0))
        raise DemoStopped

    async def _try(self, method: str, path: str, **content: Any) -> httpx.Response | None:
        try:
            return await self._client.request(method, path, **content)
        except httpx.TransportError:
            return None
