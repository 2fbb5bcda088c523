"""Tokens of sessions and of one-time links: the database keeps only their digests."""

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

from services.alerts.staff.repository import links
from shared.db.database import UnitOfWork
from shared.http.text_safety import text_fault

LINK_LIFETIME = timedelta(hours=24)
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


async def new_link(uow: UnitOfWork, tenant: str, person: UUID) -> Token:
    """A one-time link for a person, valid for a day; earlier ones end."""
    token = Token.new(tenant)
    await links.add_link(uow, tenant, token.digest, person, uow.now + LINK_LIFETIME)
    return token


def link_address(staff_url: str, token: Token) -> str:
    """The address of a one-time link."""
    return f"{staff_url.rstrip('/')}/login/link/{quote(str(token), safe='.%')}"
