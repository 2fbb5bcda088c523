"""``sending`` (how each tenant sends) and ``sending_change`` (who changed that)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.ids import uuid7

_COLUMNS = "tenant, mode, stopped, test_addresses, placeholder_ids, changed_at"

FIND_SENDINGS = f"""
    SELECT {_COLUMNS} FROM sending WHERE tenant = ANY(CAST(:tenants AS text[]))
"""


async def find_of_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> Sequence[Row[Any]]:
    """Those of the tenants that have changed anything; the others are in test mode without an address."""
    rows = await uow.execute(FIND_SENDINGS, {"tenants": list(tenants)})
    return rows.all()


FIND_SENDING = f"""
    SELECT {_COLUMNS} FROM sending WHERE tenant = :tenant
"""


async def find(uow: UnitOfWork, tenant: str) -> Row[Any] | None:
    """How the tenant sends, read without a lock."""
    return (await uow.execute(FIND_SENDING, {"tenant": tenant})).one_or_none()


LOCK_SENDING = f"""
    SELECT {_COLUMNS} FROM sending WHERE tenant = :tenant FOR UPDATE
"""
SHARE_SENDING = f"""
    SELECT {_COLUMNS} FROM sending WHERE tenant = :tenant FOR SHARE
"""
ADD_SENDING = """
    INSERT INTO sending (tenant, changed_at) VALUES (:tenant, :now) ON CONFLICT DO NOTHING
"""


async def lock(uow: UnitOfWork, tenant: str) -> Row[Any]:
    """Lock the tenant's row in order to change it."""
    return await _lock(uow, tenant, LOCK_SENDING)


async def share(uow: UnitOfWork, tenant: str) -> Row[Any]:
    """Lock the tenant's row so that nobody changes it while the caller acts on it."""
    return await _lock(uow, tenant, SHARE_SENDING)


async def _lock(uow: UnitOfWork, tenant: str, statement: str) -> Row[Any]:
    while (row := (await uow.execute(statement, {"tenant": tenant})).one_or_none()) is None:
        await uow.execute(ADD_SENDING, {"tenant": tenant, "now": uow.now})
    return row


WRITE_SENDING = """
    UPDATE sending
    SET mode = :mode, stopped = :stopped, test_addresses = CAST(:test_addresses AS text[]), changed_at = :now
    WHERE tenant = :tenant
"""


async def write(
    uow: UnitOfWork, tenant: str, *, mode: str, stopped: bool, test_addresses: Sequence[str]
) -> None:
    """Write mode, stop and test addresses."""
    await uow.execute(
        WRITE_SENDING,
        {
            "tenant": tenant,
            "mode": mode,
            "stopped": stopped,
            "test_addresses": list(test_addresses),
            "now": uow.now,
        },
    )


_PUBLISHED = "tenant, version, mode, stopped, changed_at"

MARK_PUBLISHED = f"""
    UPDATE sending SET published_version = version WHERE tenant = :tenant RETURNING {_PUBLISHED}
"""
MARK_UNPUBLISHED = f"""
    UPDATE sending SET published_version = version
    WHERE tenant = ANY(ARRAY(
        SELECT tenant FROM sending WHERE published_version < version ORDER BY tenant LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING {_PUBLISHED}
"""


async def mark_published(uow: UnitOfWork, tenant: str) -> Row[Any]:
    """How the locked tenant sends, which the caller publishes."""
    return (await uow.execute(MARK_PUBLISHED, {"tenant": tenant})).one()


async def mark_unpublished(uow: UnitOfWork, limit: int) -> Sequence[Row[Any]]:
    """How tenants send whose newest version nobody has published; the caller does."""
    return (await uow.execute(MARK_UNPUBLISHED, {"limit": limit})).all()


SHARE_SENDINGS_AFTER = f"""
    SELECT {_PUBLISHED} FROM sending
    WHERE CAST(:after AS text) IS NULL OR tenant > :after
    ORDER BY tenant LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """How the next tenants send, locked against change."""
    return (await uow.execute(SHARE_SENDINGS_AFTER, {"after": after, "limit": limit})).all()


WRITE_PLACEHOLDER_IDS = """
    UPDATE sending SET placeholder_ids = CAST(:ids AS text[]) WHERE tenant = :tenant
"""


async def write_placeholder_ids(uow: UnitOfWork, tenant: str, ids: Sequence[str]) -> None:
    """Write which customer ids stand for nobody."""
    await uow.execute(WRITE_PLACEHOLDER_IDS, {"tenant": tenant, "ids": list(ids)})


LOG_CHANGE = """
    INSERT INTO sending_change (tenant, id, at, who, what) VALUES (:tenant, :id, :now, :who, :what)
"""


async def log_change(uow: UnitOfWork, tenant: str, who: str, what: str) -> None:
    """Log who changed what."""
    await uow.execute(LOG_CHANGE, {"tenant": tenant, "id": uuid7(), "now": uow.now, "who": who, "what": what})


LIST_CHANGES = """
    SELECT id, at, who, what FROM sending_change WHERE tenant = :tenant ORDER BY id DESC LIMIT :limit
"""


async def list_changes(uow: UnitOfWork, tenant: str, limit: int = 10) -> Sequence[Row[Any]]:
    """The last changes, newest first."""
    return (await uow.execute(LIST_CHANGES, {"tenant": tenant, "limit": limit})).all()


FIND_LAST_CHANGE = """
    SELECT id, at, who, what FROM sending_change
    WHERE tenant = :tenant AND what = :what ORDER BY id DESC LIMIT 1
"""


async def find_last_change(uow: UnitOfWork, tenant: str, what: str) -> Row[Any] | None:
    """Who did this last, and when."""
    return (await uow.execute(FIND_LAST_CHANGE, {"tenant": tenant, "what": what})).one_or_none()


LIST_CHANGES_BETWEEN = """
    SELECT id, at, who, what FROM sending_change
    WHERE tenant = :tenant AND at > :since AND at <= :until AND what = ANY(CAST(:acts AS text[]))
    ORDER BY id LIMIT :limit
"""


async def list_changes_between(
    uow: UnitOfWork, tenant: str, since: datetime, until: datetime, acts: Sequence[str], limit: int = 20
) -> Sequence[Row[Any]]:
    """Who did one of these acts after ``since``, and when, oldest first."""
    values = {"tenant": tenant, "since": since, "until": until, "acts": list(acts), "limit": limit}
    return (await uow.execute(LIST_CHANGES_BETWEEN, values)).all()
