"""An identity provider in this process that can be made to lie: each part of its answers may be replaced."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT_ID = "afterword"


def a_key(name: str) -> RSAKey:
    """A new key with this id."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, auto_kid=False)


@dataclass
class HostileProvider:
    """Honest until told otherwise."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: a_key("first"))
    claims: dict[str, Any] = field(default_factory=dict)
    """Added to those of the ID token, and replacing them; None: left out."""
    sign: Callable[[Mapping[str, Any]], str] | None = None
    """Makes the ID token in place of the honest signature."""
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    """The bodies of requests for a token."""
    keys_read: int = 0
    nonce: str = ""

    def app(self) -> Starlette:
        """Its endpoints."""
        return Starlette(
            routes=[
                Route("/healthz", lambda _: Response()),
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def went_to(self, address: str) -> dict[str, str]:
        """What the browser brings along to the provider; the nonce is remembered."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.nonce = query["nonce"]
        return query

    def honest_claims(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "subject-1",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
            "email": "sara@example.com",
            "email_verified": True,
            "name": "Sara Lund",
            **self.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self, claims: Mapping[str, Any], key: RSAKey | None = None) -> str:
        key = key or self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, dict(claims), key)

    async def _metadata(self, _: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.metadata,
        }
        return JSONResponse(told)

    async def _keys(self, _: Request) -> Response:
        self.keys_read += 1
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _token(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.asked.append({name: values[0] for name, values in parse_qs(body).items()})
        claims = self.honest_claims()
        token = self.sign(claims) if self.sign else self.signed(claims)
        return JSONResponse({"access_token": "a token", "token_type": "Bearer", "id_token": token})

    async def _userinfo(self, _: Request) -> Response:
        return JSONResponse(self.userinfo or {})
