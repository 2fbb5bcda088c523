"""Every SQL statement of the trigger."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

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


ADD_SERIES = """
    INSERT INTO company_export (tenant, series) VALUES (:tenant, :series) ON CONFLICT (tenant) DO NOTHING
"""
END_EXPORT_LINKS = """
    DELETE FROM company_export
    WHERE tenant IN (SELECT tenant FROM company_export ORDER BY tenant LIMIT :limit FOR UPDATE)
"""
FIND_SERIES = "SELECT series FROM company_export WHERE tenant = :tenant"
NEXT_SERIES = "UPDATE company_export SET series = :series WHERE tenant = :tenant"
LOCK_EXPORT = "SELECT series, held_by, held_until FROM company_export WHERE tenant = :tenant FOR UPDATE"
HOLD_EXPORT = "UPDATE company_export SET held_by = :holder, held_until = :until WHERE tenant = :tenant"
RELEASE_EXPORT = """
    UPDATE company_export SET held_by = NULL, held_until = NULL WHERE tenant = :tenant AND held_by = :holder
"""


async def end_export_links(uow: UnitOfWork, limit: int) -> int:
    """End the links to the exports of so many companies at most; of how many."""
    return (await uow.execute(END_EXPORT_LINKS, {"limit": limit})).rowcount


async def export_series(uow: UnitOfWork, tenant: str, first: UUID) -> UUID:
    """The series of links to the export of a company; the first one where there was none."""
    await uow.execute(ADD_SERIES, {"tenant": tenant, "series": first})
    found: UUID = (await uow.execute(FIND_SERIES, {"tenant": tenant})).scalar_one()
    return found


async def begin_export_series(uow: UnitOfWork, tenant: str, series: UUID) -> None:
    """Another series, if there is one."""
    await uow.execute(NEXT_SERIES, {"tenant": tenant, "series": series})


async def lock_export(uow: UnitOfWork, tenant: str) -> Row[Any] | None:
    """The series, and who holds the download until when."""
    return (await uow.execute(LOCK_EXPORT, {"tenant": tenant})).one_or_none()


async def hold_export(uow: UnitOfWork, tenant: str, holder: UUID, until: datetime) -> None:
    """Hold the download of a company, which is locked."""
    await uow.execute(HOLD_EXPORT, {"tenant": tenant, "holder": holder, "until": until})


async def release_export(uow: UnitOfWork, tenant: str, holder: UUID) -> None:
    """Let go of the download, if it is held by this one."""
    await uow.execute(RELEASE_EXPORT, {"tenant": tenant, "holder": holder})


def _row(tenant: Tenant) -> dict[str, object]:
    return {"id": tenant.id, "version": tenant.version, "body": msgspec.json.encode(tenant)}
