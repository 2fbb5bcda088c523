"""What an identity provider publishes, and what it is asked: over the guarded client, bounded, and cached."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from services.alerts.staff.provider_errors import ProviderFailed
from shared.outbound.address_guard import AddressGuard, AddressRefused
from shared.outbound.guarded_http import TIMEOUT_S, guarded_client
from shared.values.messages import message

MAX_ANSWER_BYTES = 200_000
"""Of metadata, keys and tokens."""
CACHE_S = 300.0
"""For how long the metadata and keys of an issuer count."""
MAX_CACHED = 1_000
"""Answers that are kept; with one more all are forgotten."""
NEW_KEYS_S = 10.0
"""Keys are asked for anew at most so often, whatever key a token names."""
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
"""Without TLS only where nothing leaves the machine, as in a trial; the guard must allow it, too."""
HTTP_OK, CLIENT_ERRORS = 200, range(400, 500)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an issuer says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    basic: bool = True
    """Whether the client's secret goes in the header, and not in the body."""


@dataclass
class _Cached:
    value: Any
    read_at: float


@dataclass
class ProviderHttp:
    """Asks identity providers."""

    guard: AddressGuard
    clock: Callable[[], float] = time.monotonic
    _cache: dict[tuple[str, str], _Cached] = field(default_factory=dict)

    async def metadata(self, issuer: str) -> Metadata:
        """What an issuer says of itself; kept for minutes.

        :raises ProviderFailed: when it says nothing, or not as it must.
        """
        if not is_safe_address(issuer):
            raise ProviderFailed(message("The issuer is an address that begins with https://."))
        found = await self._cached("metadata", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderFailed(
                message(
                    "The provider calls itself %(name)s. Write the issuer just like that.",
                    name=str(found.get("issuer"))[:200],
                )
            )
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            issuer,
            _endpoint(found, "authorization_endpoint"),
            _endpoint(found, "token_endpoint"),
            _endpoint(found, "jwks_uri"),
            _endpoint(found, "userinfo_endpoint") if found.get("userinfo_endpoint") else None,
            _endpoint(found, "end_session_endpoint") if found.get("end_session_endpoint") else None,
            basic="client_secret_basic" in methods,
        )

    async def keys(self, metadata: Metadata, *, anew: bool = False) -> dict[str, Any]:
        """The keys with which an issuer signs.

        :param anew: since a token names a key that is not among those of before.
        :raises ProviderFailed: when it does not tell them.
        """
        max_age = NEW_KEYS_S if anew else CACHE_S
        return await self._cached("keys", metadata.jwks_uri, max_age)

    async def token(
        self, metadata: Metadata, client_id: str, secret: str | None, form: dict[str, str]
    ) -> dict[str, Any]:
        """What the issuer gives for a code.

        :raises ProviderFailed: when it gives nothing.
        """
        auth, body = None, {**form, "client_id": client_id}
        if secret is not None and metadata.basic:
            auth = httpx.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))
            del body["client_id"]
        elif secret is not None:
            body["client_secret"] = secret
        return await self._ask("POST", metadata.token_endpoint, auth=auth, data=body)

    async def userinfo(self, metadata: Metadata, access_token: str) -> dict[str, Any]:
        """Further claims about who has signed in.

        :raises ProviderFailed: when it tells none.
        """
        headers = {"authorization": f"Bearer {access_token}"}
        return await self._ask("GET", metadata.userinfo_endpoint or "", headers=headers)

    async def _cached(self, kind: str, url: str, max_age: float = CACHE_S) -> dict[str, Any]:
        known = self._cache.get((kind, url))
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        if known is None or self.clock() - known.read_at > max_age:
            known = self._cache[kind, url] = _Cached(await self._ask("GET", url), self.clock())
        found: dict[str, Any] = known.value
        return found

    async def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            async with asyncio.timeout(TIMEOUT_S), guarded_client(self.guard) as client:
                headers = {"accept": "application/json", **options.pop("headers", {})}
                async with client.stream(method, url, headers=headers, **options) as response:
                    body = b""
                    async for part in response.aiter_bytes():
                        body += part
                        if len(body) > MAX_ANSWER_BYTES:
                            raise ProviderFailed(message("The provider answers with too much."))
        except AddressRefused as error:
            raise ProviderFailed(
                message(
                    "The provider lies in an inner network. An operator can allow it "
                    "(AFTERWORD_OUTBOUND_NETWORKS)."
                )
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise ProviderFailed(message("The provider cannot be reached. Try again in a moment.")) from error
        return _answer(method, response.status_code, body)


def _answer(method: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = {}
    if status == HTTP_OK and found:
        return found
    if status in CLIENT_ERRORS and method == "POST":
        raise ProviderFailed(
            message(
                "The provider refuses our request (%(code)s). An administrator looks at client id, secret "
                "and the address to return to.",
                code=str(found.get("error", status))[:60],
            )
        )
    raise ProviderFailed(message("The provider answers %(status)s.", status=status))


def is_safe_address(url: str) -> bool:
    """Whether it is an https address without a name and password in it; on the loopback http will do."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username or parts.password or parts.fragment or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (
        parts.scheme == "http" and host in {one.strip("[]") for one in _LOOPBACK}
    )


def _endpoint(found: dict[str, Any], name: str) -> str:
    url = found.get(name)
    if not isinstance(url, str) or not is_safe_address(url):
        raise ProviderFailed(message("The provider tells no safe address for %(name)s.", name=name))
    return url
