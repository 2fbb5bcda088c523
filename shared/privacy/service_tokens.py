"""Tokens by which one service asks another over HTTP: signed, for one purpose and tenant, for a minute."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from shared.clock import Clock, system_clock
from shared.secrets import derive

ServicePurpose = Literal[
    "retention",
    "export",
    "preview",
    "import",
    "text",
    "months",
    "company",
    "key-uses",
    "access",
    "asked",
    "view-mails",
    "own-address",
]
"""access: what a member of staff may see now.
asked: how many could have been asked and were, by segment.
company: all of a company, for whoever runs the installation.
own-address: where the mails of a member of staff go, who asks for one of their own.
key-uses: when its keys were last used.
months: what a segment of moved-in answers counts by month.
text: a reply to a text message that is an answer.
import: rows of a company's file, for the service that owns what they become.
preview: a page of the dispatcher frames the collector's pages of a survey, by a link of a minute, or asks
for one of them with words that are not saved.
view-mails: who gets which saved view every Monday, what stands in one mail, and what became of them."""
TOKEN_SCHEME = "Afterword-Service"  # noqa: S105  (a name)
"""The scheme of the header ``Authorization``: no API key and no other token is one of these."""
TOKEN_LIFETIME = timedelta(seconds=60)
MAX_TOKEN_LENGTH = 4_000


_BODY_CLAIM = "body_sha256"


class ServiceClaims(NamedTuple):
    """What another service asks for: in whose name, and about what."""

    tenant: str
    claims: dict[str, Any]

    def covers(self, body: bytes) -> bool:
        """Whether the token was signed for a request with this very body (:func:`claims_of_body`)."""
        digest = self.claims.get(_BODY_CLAIM)
        return isinstance(digest, str) and hmac.compare_digest(digest.encode(), _digest(body).encode())


def claims_of_body(body: bytes) -> dict[str, str]:
    """The claims by which a token is good for a request with this body alone."""
    return {_BODY_CLAIM: _digest(body)}


class _Payload(msgspec.Struct, array_like=True, frozen=True):
    purpose: str
    tenant: str
    expires_at: float
    claims: dict[str, Any]


class ServiceTokens:
    """Signs and verifies tokens by keys that are derived from the root secret, one for each purpose."""

    def __init__(self, secret: str, *, clock: Clock = system_clock) -> None:
        self._secret = secret
        self._clock = clock

    def sign(self, purpose: ServicePurpose, tenant: str, claims: Mapping[str, Any] | None = None) -> str:
        """A token for one purpose and tenant; ``claims`` are JSON."""
        expires_at = (self._clock() + TOKEN_LIFETIME).timestamp()
        payload = msgspec.json.encode(_Payload(purpose, tenant, expires_at, dict(claims or {})))
        return f"{_text(payload)}.{_text(self._tag(purpose, payload))}"

    def verify(self, purpose: ServicePurpose, token: str) -> ServiceClaims | None:
        """What a token claims; None when we did not sign it for this purpose, or it is over."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            return None
        encoded, _, tag = token.partition(".")
        try:
            payload, given = _bytes(encoded), _bytes(tag)
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(given, self._tag(purpose, payload)):
            return None
        read = _decoder.decode(payload)
        if read.purpose != purpose or read.expires_at <= self._clock().timestamp():
            return None
        return ServiceClaims(read.tenant, read.claims)

    def _tag(self, purpose: ServicePurpose, payload: bytes) -> bytes:
        return hmac.digest(derive(self._secret, f"service:{purpose}"), payload, hashlib.sha256)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(value: str) -> bytes:
    found = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    # The last character may have unused bits: only one of its spellings is ours.
    if _text(found) != value:
        raise ValueError(value)
    return found


_decoder = msgspec.json.Decoder(_Payload)
