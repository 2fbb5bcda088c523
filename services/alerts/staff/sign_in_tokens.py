"""One-time links by which people sign in: the database keeps only the digests of their tokens."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from services.alerts.staff.repository import links
from shared.db.database import UnitOfWork
from shared.http.company_tokens import Token

LINK_LIFETIME = timedelta(hours=24)


async def new_link(uow: UnitOfWork, tenant: str, person: UUID) -> Token:
    """A one-time link for a person, valid for a day; earlier ones end."""
    token = Token.new(tenant)
    await links.add_link(uow, tenant, token.digest, person, uow.now + LINK_LIFETIME)
    return token


def link_address(staff_url: str, token: Token) -> str:
    """The address of a one-time link."""
    return f"{staff_url.rstrip('/')}/login/link/{quote(str(token), safe='.%')}"
