"""Every SQL statement of the trigger."""

import msgspec

from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.tenancy.closed import keep_closed
from shared.tenancy.key_uses import forget_uses
from shared.tenancy.tenants import read_tenant

ADD_TENANT = """
    INSERT INTO tenant (id, version, body)
    VALUES (:id, :version, :body)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
LOCK_TENANT = "SELECT body FROM tenant WHERE id = :id FOR UPDATE"
UPDATE_TENANT = "UPDATE tenant SET version = :version, body = :body WHERE id = :id"
LOCK_TENANTS_AFTER = "SELECT body FROM tenant WHERE id > :after ORDER BY id LIMIT :max_rows FOR SHARE"


async def add_tenant(uow: UnitOfWork, tenant: Tenant) -> bool:
    """Add a tenant; False when the short name is taken."""
    added = await uow.execute(ADD_TENANT, _row(tenant))
    return added.one_or_none() is not None


async def lock_tenant(uow: UnitOfWork, tenant: str) -> Tenant | None:
    """A tenant, locked until the transaction ends."""
    row = (await uow.execute(LOCK_TENANT, {"id": tenant})).one_or_none()
    return read_tenant(row.body) if row else None


async def update_tenant(uow: UnitOfWork, tenant: Tenant) -> None:
    """Write a tenant that is locked."""
    await uow.execute(UPDATE_TENANT, _row(tenant))
    await keep_closed(uow, [tenant])
    await forget_uses(uow, [tenant])


async def lock_tenants_after(uow: UnitOfWork, after: str, max_rows: int) -> list[Tenant]:
    """The next tenants after a short name, locked until the transaction ends."""
    rows = await uow.execute(LOCK_TENANTS_AFTER, {"after": after, "max_rows": max_rows})
    return [read_tenant(row.body) for row in rows]


def _row(tenant: Tenant) -> dict[str, object]:
    return {"id": tenant.id, "version": tenant.version, "body": msgspec.json.encode(tenant)}
