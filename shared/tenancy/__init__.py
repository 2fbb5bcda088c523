"""Each service's replica of the tenants, and the key ring that its API checks keys with."""

from shared.tenancy.keyring import TenantKeyRing, digest_of
from shared.tenancy.tenants import (
    find_tenant,
    keep_tenants,
    read_tenant,
    tenant_tables,
)

__all__ = [
    "TenantKeyRing",
    "digest_of",
    "find_tenant",
    "keep_tenants",
    "read_tenant",
    "tenant_tables",
]
