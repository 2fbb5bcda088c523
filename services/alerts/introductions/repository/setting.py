"""``introduction_setting``: which companies have tasks. Its row is the lock under which tasks are opened.

Whoever opens tasks locks the row alone, and waits for nothing; whoever stores something for which a
customer is not asked (a case, a detractor's answer) shares it, so that one of both sees what the other one
has written.
"""

from collections.abc import Collection
from datetime import datetime

from shared.db.database import UnitOfWork

FIND_SETTING = "SELECT enabled, since FROM introduction_setting WHERE tenant = :tenant"


async def enabled_since(uow: UnitOfWork, tenant: str) -> datetime | None:
    """Since when a company has tasks; None: it has none."""
    row = (await uow.execute(FIND_SETTING, {"tenant": tenant})).one_or_none()
    return row.since if row is not None and row.enabled else None


WRITE_SETTING = """
    INSERT INTO introduction_setting AS t (tenant, enabled, since)
    VALUES (:tenant, :enabled, :now)
    ON CONFLICT (tenant) DO UPDATE SET enabled = EXCLUDED.enabled, since = EXCLUDED.since
    WHERE t.enabled <> EXCLUDED.enabled
    RETURNING t.tenant
"""


async def set_enabled(uow: UnitOfWork, tenant: str, *, enabled: bool) -> bool:
    """Switch tasks on or off; whether that changed anything."""
    values = {"tenant": tenant, "enabled": enabled, "now": uow.now}
    return (await uow.execute(WRITE_SETTING, values)).one_or_none() is not None


FIND_SETTINGS = """
    SELECT tenant, enabled, since FROM introduction_setting
    WHERE tenant = ANY(CAST(:tenants AS text[]))
"""


async def settings_of(uow: UnitOfWork, tenants: Collection[str]) -> dict[str, datetime | None]:
    """Of those of these companies that have, or had, tasks: since when they have them; None: no longer."""
    rows = await uow.execute(FIND_SETTINGS, {"tenants": sorted(tenants)})
    return {row.tenant: row.since if row.enabled else None for row in rows}


LOCK_ENABLED = """
    SELECT tenant FROM introduction_setting
    WHERE enabled AND tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant
    FOR UPDATE SKIP LOCKED
"""


async def lock_enabled(uow: UnitOfWork, tenants: Collection[str]) -> set[str]:
    """Lock the opening of tasks of these companies, but for those that another transaction has locked."""
    return {row.tenant for row in await uow.execute(LOCK_ENABLED, {"tenants": sorted(tenants)})}


SHARE_SETTINGS = """
    SELECT tenant FROM introduction_setting
    WHERE tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant
    FOR SHARE
"""


async def keep_from_opening(uow: UnitOfWork, tenants: Collection[str]) -> set[str]:
    """Let no task of these companies be opened until the transaction ends; those that may have tasks."""
    if not tenants:
        return set()
    return {row.tenant for row in await uow.execute(SHARE_SETTINGS, {"tenants": sorted(tenants)})}
