"""A service's replica of the tenants; at the trigger, which owns them, the tenants themselves."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

from shared.db.bulk import keep_newest
from shared.db.database import UnitOfWork
from shared.events import Event, Tenant
from shared.events.dedupe import newest
from shared.tenancy.closed import closed_company_table, keep_closed
from shared.tenancy.key_uses import forget_uses, key_use_table
from shared.values.zones import zone_of

TENANT = Table(
    "tenant",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""The newest version of each tenant, encoded as JSON in ``body``."""

FIND_TENANT = "SELECT body FROM tenant WHERE id = :id"
FIND_TENANTS = "SELECT body FROM tenant WHERE id = ANY(CAST(:ids AS text[]))"
ALL_TENANTS = "SELECT body FROM tenant ORDER BY id"


def tenant_tables(metadata: MetaData) -> None:
    """Add ``tenant``, ``closed_company`` and ``key_use`` to a service's tables."""
    TENANT.to_metadata(metadata)
    closed_company_table(metadata)
    key_use_table(metadata)


async def keep_tenants(uow: UnitOfWork, events: Sequence[Event[Tenant]]) -> None:
    """Handle ``tenants`` events: keep the newest version of each."""
    await write_tenants(uow, [event.data for event in newest(events, lambda tenant: tenant.id)])


async def write_tenants(uow: UnitOfWork, tenants: Sequence[Tenant]) -> None:
    """Write each tenant whose version is newer than the stored one."""
    await keep_newest(uow, TENANT, tenants, body=[msgspec.json.encode(tenant) for tenant in tenants])
    known = await find_tenants(uow, [tenant.id for tenant in tenants])
    await keep_closed(uow, list(known.values()))
    await forget_uses(uow, list(known.values()))


def read_tenant(body: bytes) -> Tenant:
    """Decode a stored tenant."""
    return _decoder.decode(body)


async def find_tenant(uow: UnitOfWork, tenant: str) -> Tenant | None:
    """A tenant by its short name."""
    row = (await uow.execute(FIND_TENANT, {"id": tenant})).one_or_none()
    return read_tenant(row.body) if row else None


async def find_zone(uow: UnitOfWork, tenant: str) -> ZoneInfo:
    """By which a tenant's clocks run; UTC while it is not known."""
    found = await find_tenant(uow, tenant)
    return zone_of(found.time_zone if found is not None else None)


async def find_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, Tenant]:
    """Tenants by their short names, unknown ones left out."""
    rows = await uow.execute(FIND_TENANTS, {"ids": sorted(set(tenants))})
    return {tenant.id: tenant for tenant in (read_tenant(row.body) for row in rows)}


async def all_tenants(uow: UnitOfWork) -> list[Tenant]:
    """All tenants, by their short names."""
    rows = await uow.execute(ALL_TENANTS)
    return [read_tenant(row.body) for row in rows]


_decoder = msgspec.json.Decoder(Tenant)
