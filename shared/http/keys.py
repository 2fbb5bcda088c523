"""API keys at the door: who calls, and whether the key may do this."""

from collections.abc import Awaitable, Callable
from math import ceil
from typing import Annotated, Literal, Protocol

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.http.guesses import Guesses
from shared.http.problems import Problem
from shared.keys import ApiKey, KeysUnavailable

Scope = Literal[
    "events:write",
    "answers:write",
    "answers:read",
    "surveys:write",
    "decisions:read",
    "scores:read",
    "cases:read",
    "cases:write",
    "admin",
]

# It reads the header and writes the scheme into the OpenAPI document; the refusal is ours.
bearer = HTTPBearer(auto_error=False, description="An API key, as “afterword key create” prints it.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


class KeyRing(Protocol):
    """Finds keys in memory; unknown, expired and revoked ones are alike None."""

    def lookup(self, token: str) -> ApiKey | None:
        """:raises KeysUnavailable: when the keys are not loaded yet."""
        ...


def requires(scope: Scope) -> Callable[..., Awaitable[ApiKey]]:
    """A dependency: the API key of the request, which must carry the scope."""

    async def key_with_scope(request: Request, credentials: Bearer) -> ApiKey:
        return key_of(request, credentials.credentials if credentials else None, scope)

    return key_with_scope


def key_of(request: Request, token: str | None, scope: Scope) -> ApiKey:
    """The key behind a token.

    :raises Problem: 401 without a good one, 403 naming the scope it lacks, 429 to who guesses, 503 before
        keys are known.
    """
    ring: KeyRing = request.app.state.keys
    try:
        key = ring.lookup(token) if token else None
    except KeysUnavailable:
        raise Problem(503, detail="The keys are not loaded yet.", headers={"Retry-After": "2"}) from None
    if key is None:
        if token:
            _slow_down(request)
        raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="afterword"'})
    if scope not in key.scopes and "admin" not in key.scopes:
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


def _slow_down(request: Request) -> None:
    guesses: Guesses = request.app.state.guesses
    wait = guesses.failed(request.client.host if request.client else "")
    if wait:
        raise Problem(429, headers={"Retry-After": str(ceil(wait))})
