"""``backfill``: how far the rows of earlier versions have been brought up to date."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from services.dispatcher.invitations.repository import COLUMNS
from shared.db import UnitOfWork

FIND_BACKFILL = """
    SELECT 1 FROM backfill WHERE name = :name
"""


async def is_due(uow: UnitOfWork, name: str) -> bool:
    """Whether something of it is left to be done."""
    return (await uow.execute(FIND_BACKFILL, {"name": name})).one_or_none() is not None


LOCK_BACKFILL = """
    SELECT tenant, id FROM backfill WHERE name = :name FOR UPDATE SKIP LOCKED
"""


async def lock(uow: UnitOfWork, name: str) -> Row[Any] | None:
    """Lock the place that it has reached; None if another process holds it, or nothing is left."""
    return (await uow.execute(LOCK_BACKFILL, {"name": name})).one_or_none()


END_BACKFILL = """
    DELETE FROM backfill WHERE name = :name
"""
MOVE_BACKFILL = """
    UPDATE backfill SET tenant = :tenant, id = :id WHERE name = :name
"""


async def move(uow: UnitOfWork, name: str, last: Row[Any] | None) -> None:
    """Store that it has reached this row, or its end."""
    if last is None:
        await uow.execute(END_BACKFILL, {"name": name})
    else:
        await uow.execute(MOVE_BACKFILL, {"name": name, "tenant": last.tenant, "id": last.id})


LIST_INVITATIONS = f"""
    SELECT {COLUMNS} FROM invitation i
    WHERE CAST(:tenant AS text) IS NULL OR (i.tenant, i.id) > (:tenant, CAST(:id AS uuid))
    ORDER BY i.tenant, i.id
    LIMIT :limit
"""


async def list_invitations(uow: UnitOfWork, place: Row[Any], limit: int) -> Sequence[Row[Any]]:
    """The next invitations, of all tenants."""
    rows = await uow.execute(LIST_INVITATIONS, {"tenant": place.tenant, "id": place.id, "limit": limit})
    return rows.all()
