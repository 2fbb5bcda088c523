"""A client of Afterword's APIs as a company's back-end has one: an address, a key, and retries."""

import asyncio
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from shared.runtime import Backoff, pause

NEW_KEY_TIMEOUT_S = 60.0
"""A new key is accepted everywhere within a few seconds; a key refused for longer is wrong."""

RETRYABLE_STATUSES = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class DemoStopped(Exception):
    """The demo was stopped while a request waited for its next try."""


class RequestRefused(Exception):
    """An API refused a request permanently. The message holds its answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class DemoClient:
    """Retries a request until the API answers it, after the time that the API asks for."""

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
            # The addresses are on this machine: a proxy of the environment cannot reach them.
            trust_env=False,
            transport=transport,
            timeout=30,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, **parameters: Any) -> Any:
        return (await self._call("GET", path, params=parameters)).json()

    async def post(self, path: str, body: Any, *, idempotency_key: str = "") -> Any:
        """The decoded JSON of a POST; a repetition with the same idempotency key changes nothing."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return (await self._call("POST", path, content=msgspec.json.encode(body), headers=headers)).json()

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        backoff, loop = Backoff(), asyncio.get_running_loop()
        key_deadline = loop.time() + NEW_KEY_TIMEOUT_S
        while not self._stopping.is_set():
            response = await self._try(method, path, **content)
            if response is not None and (
                response.status_code not in RETRYABLE_STATUSES
                or (response.status_code == HTTPStatus.UNAUTHORIZED and loop.time() > key_deadline)
            ):
                if response.is_server_error or response.is_client_error:
                    message = f"{method} {path}: {response.status_code} {response.text}"
                    raise RequestRefused(response.status_code, message)
                return response
            retry_after = response.headers.get("Retry-After", "") if response is not None else ""
            seconds = float(retry_after) if retry_after.isdecimal() else 0.0
            await pause(self._stopping, max(backoff.next(), seconds))
        raise DemoStopped

    async def _try(self, method: str, path: str, **content: Any) -> httpx.Response | None:
        try:
            return await self._client.request(method, path, **content)
        except httpx.TransportError:
            return None
