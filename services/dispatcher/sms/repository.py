"""Which companies know a phone number: by its keyed hash, which each has another one of."""

from collections.abc import Sequence

from shared.db import UnitOfWork

LIST_TENANTS = "SELECT id FROM tenant ORDER BY id"


async def list_tenants(uow: UnitOfWork) -> list[str]:
    """All companies."""
    return list((await uow.execute(LIST_TENANTS)).scalars())


FIND_KNOWING = """
    SELECT n.tenant
    FROM unnest(CAST(:tenants AS text[]), CAST(:keys AS text[])) AS n(tenant, key)
    JOIN customer c ON c.tenant = n.tenant AND c.id = n.key
    ORDER BY 1
"""


async def find_knowing(uow: UnitOfWork, names: Sequence[tuple[str, str]]) -> list[str]:
    """The companies to whom the number came, each given with its hash of it."""
    values = {"tenants": [tenant for tenant, _ in names], "keys": [key for _, key in names]}
    return list((await uow.execute(FIND_KNOWING, values)).scalars())
