"""API keys: which one a request carries, and whether it has the scope."""

from collections.abc import Mapping
from typing import Protocol

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from fastapi.security.utils import get_authorization_scheme_param

from shared.api_keys import ApiKey, KeysUnavailable
from shared.events import CompanyState
from shared.http.caller_checks import CallerCheck
from shared.http.client_networks import network_of
from shared.http.context import http_of
from shared.http.problems import Problem
from shared.http.rate_limit import too_many_requests
from shared.permissions import EVERY_SCOPE, Scope
from shared.values.messages import message


class KeyRing(Protocol):
    """Finds keys; None for unknown, expired and revoked ones alike."""

    def lookup(self, token: str) -> ApiKey | None:
        """The key, from memory. :raises KeysUnavailable: when the keys are not loaded yet."""
        ...

    async def lookup_fresh(self, token: str) -> ApiKey | None:
        """The key, from the database. :raises KeysUnavailable: when it cannot be read."""
        ...

    def note_use(self, key: ApiKey, route: str) -> None:
        """Note in memory that the key opened this route now."""
        ...

    def display_names(self, tenant: str) -> Mapping[str, str]:
        """What the company's people read in place of dimensions and segments, from memory."""
        ...

    def company_state(self, tenant: str) -> CompanyState:
        """Whether the company runs, from memory."""
        ...


class KeySecurity(SecurityBase):
    """A dependency that reads an API key and adds itself to the OpenAPI document.

    It is the security scheme and the check in one, since each further dependency takes a twentieth of the
    time of a request at the busiest endpoint.
    """

    model = HTTPBearer(description="An API key, as “afterword key create” prints it.")
    scheme_name = "HTTPBearer"

    def __init__(self, scope: Scope) -> None:
        self.scope: Scope = scope


class requires(KeySecurity, CallerCheck[ApiKey]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: the API key of the request, which must have the scope."""

    async def check(self, request: Request) -> ApiKey:
        """The key.

        :raises Problem: as ``key_of`` does.
        """
        return await key_of(request, token_of(request), self.scope)


def token_of(request: Request) -> str | None:
    """The bearer token of the request; None when it has none."""
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    return token if token and scheme.lower() == "bearer" else None


async def key_of(request: Request, token: str | None, scope: Scope) -> ApiKey:
    """The key with this token.

    :raises Problem: 401 without a valid key, 403 naming the missing scope, 429 after too many unknown keys,
        503 while the keys cannot be read.
    """
    http = http_of(request)
    ring = http.keys
    try:
        key = ring.lookup(token) if token else None
        if token and key is None:
            # The key may be a moment old and not loaded yet. The rate limit keeps guesses from costing a
            # query each.
            rate_limit = http.key_rate_limit
            client = network_of(request)
            too_many_requests(rate_limit.wait(client))
            key = await ring.lookup_fresh(token)
            if key is None:
                too_many_requests(rate_limit.failed(client))
    except KeysUnavailable:
        raise Problem(
            503, detail=message("The keys cannot be read now."), headers={"Retry-After": "2"}
        ) from None
    if key is None:
        raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="afterword"'})
    if scope not in key.scopes and EVERY_SCOPE not in key.scopes:
        raise Problem(
            403,
            message("This key may not do this."),
            message(
                "It lacks the scope %(scope)s. Make one that has it: %(command)s",
                scope=scope,
                command=f"afterword key create {key.tenant} --scope {scope}",
            ),
            headers={
                "WWW-Authenticate": f'Bearer realm="afterword", error="insufficient_scope", scope="{scope}"'
            },
        )
    ring.note_use(key, route_of(request.scope["path"]))
    return key


def route_of(path: str) -> str:
    """The first two parts of a path, such as ``/v1/events``: coarse enough to name nobody's thing."""
    return "/".join(path.split("/", 3)[:3])
