"""One-time links. Their tokens are kept as digests only."""

from datetime import datetime
from uuid import UUID

from shared.db.database import UnitOfWork

ADD_LINK = """
    INSERT INTO sign_in_link (tenant, digest, staff_id, expires_at)
    VALUES (:tenant, :digest, :person, :expires)
"""


async def add_link(uow: UnitOfWork, tenant: str, digest: str, person: UUID, expires_at: datetime) -> None:
    """Add a link that works once; the person's earlier ones end."""
    await end_links(uow, tenant, person)
    await uow.execute(ADD_LINK, {"tenant": tenant, "digest": digest, "person": person, "expires": expires_at})


_VALID = "tenant = :tenant AND digest = :digest AND used_at IS NULL AND expires_at > :now"
FIND_LINK = f"SELECT staff_id FROM sign_in_link WHERE {_VALID}"
USE_LINK = f"UPDATE sign_in_link SET used_at = :now WHERE {_VALID} RETURNING staff_id"


async def find_link(uow: UnitOfWork, tenant: str, digest: str, *, use: bool = False) -> UUID | None:
    """The person of a valid link; ``use`` uses it up, and of two at once only one gets it."""
    found = await uow.execute(
        USE_LINK if use else FIND_LINK, {"tenant": tenant, "digest": digest, "now": uow.now}
    )
    return found.scalar_one_or_none()


END_LINKS = """
    UPDATE sign_in_link SET used_at = :now
    WHERE tenant = :tenant AND staff_id = :person AND used_at IS NULL
"""


async def end_links(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """End all links of a person."""
    await uow.execute(END_LINKS, {"tenant": tenant, "person": person, "now": uow.now})


DELETE_EXPIRED_LINKS = "DELETE FROM sign_in_link WHERE expires_at < :now"


async def delete_expired_links(uow: UnitOfWork) -> None:
    """Delete the links of all tenants that are over."""
    await uow.execute(DELETE_EXPIRED_LINKS, {"now": uow.now})
