"""The tenants as a service has heard of them; at the trigger, as they are."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

from shared.db.database import UnitOfWork
from shared.db.replicas import Columns, keep_newest
from shared.events import Event, Tenant
from shared.events.dedupe import newest

TenantCopy = Tenant


def tenant_tables(metadata: MetaData) -> None:
    """Add ``tenant``: the newest event of each, whole."""
    Table(
        "tenant",
        metadata,
        Column("id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )


async def keep_tenants(uow: UnitOfWork, events: Sequence[Event[Tenant]]) -> None:
    """Keep the newest of each tenant."""
    await write_tenants(uow, [event.data for event in newest(events, lambda tenant: tenant.id)])


async def write_tenants(uow: UnitOfWork, tenants: Sequence[Tenant]) -> None:
    """Write each tenant that is newer than what we have."""
    columns: Columns = {
        "id": ("text", [tenant.id for tenant in tenants]),
        "version": ("bigint", [tenant.version for tenant in tenants]),
        "body": ("bytea", [msgspec.json.encode(tenant) for tenant in tenants]),
    }
    await keep_newest(uow, "tenant", columns, key=("id",))


def read_tenant(body: bytes) -> Tenant:
    """A tenant as it is kept."""
    return _decoder.decode(body)


async def find_tenant(uow: UnitOfWork, tenant: str) -> Tenant | None:
    """A tenant by its short name."""
    row = (await uow.execute("SELECT body FROM tenant WHERE id = :id", {"id": tenant})).one_or_none()
    return read_tenant(row.body) if row else None


async def find_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, Tenant]:
    """Those of the tenants that we know."""
    rows = await uow.execute(
        "SELECT body FROM tenant WHERE id = ANY(CAST(:ids AS text[]))", {"ids": sorted(set(tenants))}
    )
    return {tenant.id: tenant for tenant in (_decoder.decode(row.body) for row in rows)}


async def all_tenants(uow: UnitOfWork) -> list[Tenant]:
    """Every tenant that we know."""
    rows = await uow.execute("SELECT body FROM tenant ORDER BY id")
    return [_decoder.decode(row.body) for row in rows]


_decoder = msgspec.json.Decoder(Tenant)
