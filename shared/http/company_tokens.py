"""Tokens of sessions, one-time links and screens: the database keeps only their digests."""

import hashlib
import secrets
from typing import NamedTuple
from urllib.parse import quote, unquote

from shared.http.text_safety import text_fault

MAX_TOKEN_CHARS = 800


class Token(NamedTuple):
    """A secret and the company that it belongs to, so that its row is found within the company."""

    secret: str
    tenant: str

    @classmethod
    def new(cls, tenant: str) -> "Token":
        """256 random bits."""
        return cls(secrets.token_urlsafe(32), tenant)

    @classmethod
    def read(cls, text: str) -> "Token | None":
        """A token from a cookie or an address; None when it cannot be one of ours."""
        secret, _, quoted = text.partition(".")
        tenant = unquote(quoted)
        if not secret or not tenant or len(text) > MAX_TOKEN_CHARS or text_fault(secret + tenant) is not None:
            return None
        return cls(secret, tenant)

    @property
    def digest(self) -> str:
        """What the database keeps; the secret is random, so no salt is needed."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.secret}.{quote(self.tenant, safe='')}"
