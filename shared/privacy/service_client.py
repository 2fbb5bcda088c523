"""Asks the other services of this installation for their part of something, over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.http.hosts import PERSONAL_DATA_PATHS
from shared.privacy.service_tokens import TOKEN_SCHEME, ServicePurpose, ServiceTokens

TIMEOUT_S = 25.0
PERSONAL_DATA_PATH = "/" + "/".join(PERSONAL_DATA_PATHS)
"""Under it, behind its own name, each service answers what our services ask about personal data."""


class ServiceUnavailable(Exception):
    """A service did not answer, or not what it was asked."""

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} did not answer")
        self.service = service


@dataclass(frozen=True)
class ServiceClient:
    """Sends requests to the routes of ``shared.privacy.service_caller``.

    Nobody holds a database connection while it waits.
    """

    url: str
    tokens: ServiceTokens
    transport: httpx.AsyncBaseTransport | None = field(default=None)
    """Set by tests: the way to the services without a socket."""

    async def get(
        self,
        service: str,
        path: str,
        *,
        purpose: ServicePurpose,
        tenant: str,
        claims: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """The JSON that the service answers under ``/v1/personal-data/<service>/<path>``.

        :raises ServiceUnavailable: when it does not answer 200.
        """
        headers = {"Authorization": f"{TOKEN_SCHEME} {self.tokens.sign(purpose, tenant, claims)}"}
        try:
            async with httpx.AsyncClient(
                base_url=self.url, timeout=TIMEOUT_S, trust_env=False, transport=self.transport
            ) as client:
                response = await client.get(
                    f"{PERSONAL_DATA_PATH}/{service}/{path}", params=query, headers=headers
                )
                if response.status_code != httpx.codes.OK:
                    raise ServiceUnavailable(service)
                return response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ServiceUnavailable(service) from error
