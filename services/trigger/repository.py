"""Every statement of the trigger."""

import msgspec

from shared.db.database import UnitOfWork
from shared.events import Tenant

_decoder = msgspec.json.Decoder(Tenant)


async def add_tenant(uow: UnitOfWork, tenant: Tenant) -> bool:
    """Add a tenant; False when the short name is taken."""
    added = await uow.execute(
        "INSERT INTO tenant (id, version, body) VALUES (:id, :version, :body) "
        "ON CONFLICT DO NOTHING RETURNING id",
        _row(tenant),
    )
    return added.one_or_none() is not None


async def lock_tenant(uow: UnitOfWork, tenant: str) -> Tenant | None:
    """A tenant, held until the transaction ends."""
    found = await uow.execute("SELECT body FROM tenant WHERE id = :id FOR UPDATE", {"id": tenant})
    row = found.one_or_none()
    return _decoder.decode(row.body) if row else None


async def update_tenant(uow: UnitOfWork, tenant: Tenant) -> None:
    """Write a tenant that is locked."""
    await uow.execute("UPDATE tenant SET version = :version, body = :body WHERE id = :id", _row(tenant))


async def lock_tenants_after(uow: UnitOfWork, after: str, most: int) -> list[Tenant]:
    """The next tenants behind a short name, held until the transaction ends."""
    found = await uow.execute(
        "SELECT body FROM tenant WHERE id > :after ORDER BY id LIMIT :most FOR SHARE",
        {"after": after, "most": most},
    )
    return [_decoder.decode(row.body) for row in found]


def _row(tenant: Tenant) -> dict[str, object]:
    return {"id": tenant.id, "version": tenant.version, "body": msgspec.json.encode(tenant)}
