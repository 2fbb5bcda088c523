"""Each service's own copy of the tenants, and the ring of keys that its door checks."""

from shared.tenancy.keyring import TenantKeyRing, digest_of
from shared.tenancy.tenants import (
    TenantCopy,
    find_tenant,
    keep_tenants,
    read_tenant,
    tenant_tables,
)

__all__ = [
    "TenantCopy",
    "TenantKeyRing",
    "digest_of",
    "find_tenant",
    "keep_tenants",
    "read_tenant",
    "tenant_tables",
]
