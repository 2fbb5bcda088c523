"""``key_use``: when each API key was last used at a service, and at which of its routes, to the minute.

An API process notes uses in memory, and a loop writes them once a minute in one statement: no request waits
for it. What a process noted in the minute in which it is killed is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, DateTime, MetaData, Table, Text

from shared.db.database import Database, UnitOfWork
from shared.events import Tenant
from shared.tenancy.closed import HAS_NOT_LEFT

KEY_USE_DDL = """
    CREATE TABLE key_use (
        tenant text NOT NULL,
        key_id text NOT NULL,
        used_at timestamptz NOT NULL,
        route text NOT NULL,
        CONSTRAINT pk_key_use PRIMARY KEY (tenant, key_id)
    )
"""
"""For the migration of a service."""


def key_use_table(metadata: MetaData) -> None:
    """Add ``key_use`` to a service's tables."""
    Table(
        "key_use",
        metadata,
        Column("tenant", Text, primary_key=True),
        Column("key_id", Text, primary_key=True),
        Column("used_at", DateTime(timezone=True), nullable=False),
        Column("route", Text, nullable=False),
    )


class KeyUse(NamedTuple):
    """The last use of a key: when, and at which route, such as ``/v1/events``."""

    used_at: datetime
    route: str


STORE_USES = f"""
    INSERT INTO key_use AS t (tenant, key_id, used_at, route)
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:keys AS text[]),
        CAST(:times AS timestamptz[]), CAST(:routes AS text[])
    ) AS n(tenant, key_id, used_at, route)
    WHERE n.tenant {HAS_NOT_LEFT}
    ORDER BY 1, 2
    ON CONFLICT (tenant, key_id) DO UPDATE SET used_at = EXCLUDED.used_at, route = EXCLUDED.route
    WHERE t.used_at < EXCLUDED.used_at
"""
FORGET_USES = """
    DELETE FROM key_use u
    USING unnest(CAST(:tenants AS text[])) AS c(tenant)
    WHERE u.tenant = c.tenant AND NOT u.key_id = ANY(CAST(:keys AS text[]))
"""
FIND_USES = "SELECT key_id, used_at, route FROM key_use WHERE tenant = :tenant"


async def store_uses(uow: UnitOfWork, uses: Mapping[tuple[str, str], KeyUse]) -> None:
    """Keep the later of what is stored and these, by tenant and key; of a company that has left nothing."""
    await uow.execute(
        STORE_USES,
        {
            "tenants": [tenant for tenant, _ in uses],
            "keys": [key for _, key in uses],
            "times": [use.used_at for use in uses.values()],
            "routes": [use.route for use in uses.values()],
        },
    )


async def forget_uses(uow: UnitOfWork, companies: Sequence[Tenant]) -> None:
    """Delete the uses of keys that are in the lists of these companies no more."""
    keys = [key.id for company in companies for key in company.keys]
    await uow.execute(FORGET_USES, {"tenants": [company.id for company in companies], "keys": keys})


async def find_uses(uow: UnitOfWork, tenant: str) -> dict[str, KeyUse]:
    """The last use of each key of a company at this service, by the key's id."""
    rows = await uow.execute(FIND_USES, {"tenant": tenant})
    return {row.key_id: KeyUse(row.used_at, row.route) for row in rows}


@dataclass
class NotedUses:
    """The uses that a process has noted and not written yet."""

    database: Database
    _noted: dict[tuple[str, str], KeyUse] = field(default_factory=dict)

    def note(self, tenant: str, key_id: str, route: str) -> None:
        """A key was used now."""
        self._noted[tenant, key_id] = KeyUse(self.database.clock(), route)

    async def write(self) -> float | None:
        """Write what was noted; when that fails it is noted still, unless a key was used again."""
        noted, self._noted = self._noted, {}
        if not noted:
            return None
        try:
            async with self.database.transaction() as uow:
                await store_uses(uow, noted)
        except BaseException:
            self._noted = {**noted, **self._noted}
            raise
        return None
