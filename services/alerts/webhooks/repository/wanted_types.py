"""``webhook_types``: what the webhooks of a company ask for, as it was last published."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.db.database import UnitOfWork
from shared.events import Event, TenantWebhooks

WANTED = """
    SELECT coalesce(array_agg(DISTINCT wanted.type ORDER BY wanted.type), '{}') AS types
    FROM webhook w, unnest(w.types) AS wanted (type)
    WHERE w.tenant = t.tenant AND w.state <> 'off'
"""


class PublishedTypes(NamedTuple):
    """What was published of a company, and what its webhooks ask for now."""

    tenant: str
    version: int
    types: tuple[str, ...]
    changed_at: datetime
    wanted: tuple[str, ...] = ()


ADD_TYPES = """
    INSERT INTO webhook_types (tenant, version, types, changed_at) VALUES (:tenant, 0, '{}', :now)
    ON CONFLICT DO NOTHING
"""
LOCK_TYPES = """
    SELECT t.tenant FROM webhook_types t WHERE t.tenant = :tenant FOR UPDATE
"""
READ_TYPES = f"""
    SELECT t.tenant, t.version, t.types, t.changed_at, wanted.types AS wanted
    FROM webhook_types t CROSS JOIN LATERAL ({WANTED}) wanted
    WHERE t.tenant = :tenant
"""


async def lock(uow: UnitOfWork, tenant: str) -> PublishedTypes:
    """The company's row, locked; read by a statement of its own, which sees what was changed before."""
    await uow.execute(ADD_TYPES, {"tenant": tenant, "now": uow.now})
    await uow.execute(LOCK_TYPES, {"tenant": tenant})
    row = (await uow.execute(READ_TYPES, {"tenant": tenant})).one()
    return PublishedTypes(row.tenant, row.version, tuple(row.types), row.changed_at, tuple(row.wanted))


WRITE_TYPES = """
    UPDATE webhook_types SET version = :version, types = CAST(:types AS text[]), changed_at = :now
    WHERE tenant = :tenant
"""


async def write(uow: UnitOfWork, tenant: str, version: int, types: Sequence[str]) -> None:
    """Write a row that is locked."""
    await uow.execute(
        WRITE_TYPES, {"tenant": tenant, "version": version, "types": list(types), "now": uow.now}
    )


RESTORE_TYPES = """
    INSERT INTO webhook_types AS t (tenant, version, types, changed_at)
    VALUES (:tenant, :version, CAST(:types AS text[]), :at)
    ON CONFLICT (tenant) DO UPDATE
    SET version = EXCLUDED.version, types = EXCLUDED.types, changed_at = EXCLUDED.changed_at
    WHERE t.version < EXCLUDED.version
"""


async def restore(uow: UnitOfWork, events: Sequence[Event[TenantWebhooks]]) -> None:
    """Keep what was published since the backup."""
    for event in sorted(events, key=lambda event: event.tenant):
        data = event.data
        values = {"tenant": event.tenant, "version": data.version, "types": list(data.types)}
        await uow.execute(RESTORE_TYPES, {**values, "at": data.changed_at})


FIND_DIFFERING = f"""
    SELECT t.tenant FROM webhook_types t CROSS JOIN LATERAL ({WANTED}) wanted
    WHERE wanted.types <> t.types
    ORDER BY t.tenant
    LIMIT :limit
"""


async def differing(uow: UnitOfWork, limit: int) -> list[str]:
    """Companies of which something else was published than their webhooks ask for."""
    return [row.tenant for row in await uow.execute(FIND_DIFFERING, {"limit": limit})]


SHARE_AFTER = """
    SELECT t.tenant, t.version, t.types, t.changed_at FROM webhook_types t
    WHERE t.version > 0 AND t.tenant > :after
    ORDER BY t.tenant
    LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: str, limit: int) -> list[PublishedTypes]:
    """What was published of the next companies."""
    rows = await uow.execute(SHARE_AFTER, {"after": after, "limit": limit})
    return [PublishedTypes(row.tenant, row.version, tuple(row.types), row.changed_at) for row in rows]
