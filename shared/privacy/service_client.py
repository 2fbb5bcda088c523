"""Asks the other services of this installation for their part of something, over HTTP."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import msgspec

from shared.http.hosts import PERSONAL_DATA_PATHS
from shared.privacy.service_tokens import TOKEN_SCHEME, ServicePurpose, ServiceTokens, claims_of_body

A = TypeVar("A")
TIMEOUT_S = 25.0
CONNECT_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 8
PERSONAL_DATA_PATH = "/" + "/".join(PERSONAL_DATA_PATHS)
"""Under it, behind its own name, each service answers what our services ask about personal data."""


class ServiceUnavailable(Exception):
    """A service did not answer, or not what it was asked."""

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} did not answer")
        self.service = service


def read_answer(service: str, body: bytes, kind: type[A]) -> A:
    """What a service has answered.

    :raises ServiceUnavailable: when it is something else.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ServiceUnavailable(service) from error


@dataclass(frozen=True)
class ServiceClient:
    """Sends requests to the routes of ``shared.privacy.service_caller``; a process has one.

    Nobody holds a database connection while it waits.
    """

    url: str
    tokens: ServiceTokens
    transport: httpx.AsyncBaseTransport | None = field(default=None)
    """Set by tests: the way to the services without a socket."""
    _opened: list[httpx.AsyncClient] = field(default_factory=list, init=False)

    async def get_body(
        self,
        service: str,
        path: str,
        *,
        purpose: ServicePurpose,
        tenant: str,
        claims: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> bytes:
        """What the service answers under ``/v1/personal-data/<service>/<path>``, not decoded.

        :raises ServiceUnavailable: when it does not answer 200.
        """
        return (await self._answer(service, path, purpose, tenant, claims, query)).content

    async def post(
        self,
        service: str,
        path: str,
        body: bytes,
        *,
        purpose: ServicePurpose,
        tenant: str,
        query: Mapping[str, Any] | None = None,
        language: str | None = None,
    ) -> bytes:
        """What the service answers to this JSON, not decoded; the token is good for this body alone.

        :param language: of the texts for people in the answer.
        :raises ServiceUnavailable: when it does not answer 200.
        """
        claims = claims_of_body(body)
        return (await self._answer(service, path, purpose, tenant, claims, query, body, language)).content

    async def run(self, stop: asyncio.Event) -> None:
        """Close the connections when the process stops."""
        await stop.wait()
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        while self._opened:
            await self._opened.pop().aclose()

    async def _answer(
        self,
        service: str,
        path: str,
        purpose: ServicePurpose,
        tenant: str,
        claims: Mapping[str, Any] | None,
        query: Mapping[str, Any] | None,
        body: bytes | None = None,
        language: str | None = None,
    ) -> httpx.Response:
        headers = {"Authorization": f"{TOKEN_SCHEME} {self.tokens.sign(purpose, tenant, claims)}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if language is not None:
            headers["Accept-Language"] = language
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._client.request(
                    "GET" if body is None else "POST",
                    f"{PERSONAL_DATA_PATH}/{service}/{path}",
                    params=query,
                    headers=headers,
                    content=body,
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise ServiceUnavailable(service) from error
        if response.status_code != httpx.codes.OK:
            raise ServiceUnavailable(service)
        return response

    @property
    def _client(self) -> httpx.AsyncClient:
        """The one client of this process, with the connections that are kept open."""
        if not self._opened:
            self._opened.append(
                httpx.AsyncClient(
                    base_url=self.url,
                    timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
                    limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
                    trust_env=False,
                    transport=self.transport,
                )
            )
        return self._opened[0]
