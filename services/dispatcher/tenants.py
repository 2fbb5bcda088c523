"""Tenants as pages and mails name them, also before the event of a new one is consumed."""

from shared.db import UnitOfWork
from shared.events import Tenant
from shared.tenancy import find_tenant


async def tenant_or_placeholder(uow: UnitOfWork, tenant: str) -> Tenant:
    """The tenant as far as it is known here."""
    return await find_tenant(uow, tenant) or placeholder_tenant(tenant)


def placeholder_tenant(tenant: str) -> Tenant:
    """A tenant whose event is still on its way: its short name stands for its name."""
    return Tenant(id=tenant, version=0, name=tenant, time_zone="UTC", country="")
