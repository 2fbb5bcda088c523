"""Tokens of staff and one-time links: they leave once and stay as digests."""

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

from services.alerts.repository import people
from shared.db.database import UnitOfWork
from shared.http.text_safety import text_fault

LAST = timedelta(hours=24)
LONGEST = 800
"""Characters of a token that is read."""


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
        """A token as it came in, or None when it cannot be one of ours."""
        secret, _, quoted = text.partition(".")
        tenant = unquote(quoted)
        if not secret or not tenant or len(text) > LONGEST or text_fault(secret + tenant) is not None:
            return None
        return cls(secret, tenant)

    @property
    def digest(self) -> str:
        """What is kept of it; enough without a salt, since it is random."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.secret}.{quote(self.tenant, safe='')}"


async def new_link(uow: UnitOfWork, tenant: str, person: UUID) -> Token:
    """A way in for somebody, good once and for a day; earlier ones end."""
    token = Token.new(tenant)
    await people.add_link(uow, tenant, token.digest, person, uow.now + LAST)
    return token


def link_address(staff_url: str, token: Token) -> str:
    """Where a one-time link leads."""
    return f"{staff_url.rstrip('/')}/login/link/{quote(str(token), safe='.%')}"
