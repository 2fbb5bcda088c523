"""API keys at the door: who calls, and whether the key may do this."""

from typing import Protocol

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from fastapi.security.utils import get_authorization_scheme_param

from shared.api_keys import ApiKey, KeysUnavailable
from shared.http.caller_checks import CallerCheck
from shared.http.client_networks import network_of
from shared.http.context import http_of
from shared.http.problems import Problem
from shared.http.rate_limit import too_many_requests
from shared.permissions import EVERY_SCOPE, Scope


class KeyRing(Protocol):
    """Finds keys; unknown, expired and revoked ones are alike None."""

    def lookup(self, token: str) -> ApiKey | None:
        """In memory. :raises KeysUnavailable: when the keys are not loaded yet."""
        ...

    async def lookup_fresh(self, token: str) -> ApiKey | None:
        """Where keys are kept. :raises KeysUnavailable: when they cannot be read."""
        ...


class Keyed(SecurityBase):
    """A dependency that reads an API key, and says so in the OpenAPI document.

    It is the scheme and the check in one, since every dependency more costs a request of the busiest door
    a twentieth of its time.
    """

    model = HTTPBearer(description="An API key, as “afterword key create” prints it.")
    scheme_name = "HTTPBearer"

    def __init__(self, scope: Scope) -> None:
        self.scope: Scope = scope


class requires(Keyed, CallerCheck[ApiKey]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: the API key of the request, which must carry the scope."""

    async def check(self, request: Request) -> ApiKey:
        """The key.

        :raises Problem: as ``key_of`` says.
        """
        return await key_of(request, token_of(request), self.scope)


def token_of(request: Request) -> str | None:
    """What the request offers as a key."""
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    return token if token and scheme.lower() == "bearer" else None


async def key_of(request: Request, token: str | None, scope: Scope) -> ApiKey:
    """The key behind a token.

    :raises Problem: 401 without a good one, 403 naming the scope it lacks, 429 to who guesses, 503 while
        keys cannot be read.
    """
    http = http_of(request)
    ring = http.keys
    try:
        key = ring.lookup(token) if token else None
        if token and key is None:
            # It may have been made a moment ago, and be used by many at once. Who guesses costs no reading.
            guesses = http.rate_limit
            caller = network_of(request)
            too_many_requests(guesses.wait(caller))
            key = await ring.lookup_fresh(token)
            if key is None:
                too_many_requests(guesses.failed(caller))
    except KeysUnavailable:
        raise Problem(503, detail="The keys cannot be read now.", headers={"Retry-After": "2"}) from None
    if key is None:
        raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="afterword"'})
    if scope not in key.scopes and EVERY_SCOPE not in key.scopes:
        raise Problem(
            403,
            "This key may not do this.",
            f"It lacks the scope {scope}. Make one that has it: "
            f"afterword key create {key.tenant} --scope {scope}",
            headers={
                "WWW-Authenticate": f'Bearer realm="afterword", error="insufficient_scope", scope="{scope}"'
            },
        )
    return key
