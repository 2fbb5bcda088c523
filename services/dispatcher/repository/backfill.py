"""How far what earlier versions left has been brought up to date."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from services.dispatcher.invitations.repository import _COLUMNS
from shared.db import UnitOfWork


async def is_due(uow: UnitOfWork, name: str) -> bool:
    """Whether something is left of it."""
    found = await uow.execute("SELECT 1 FROM backfill WHERE name = :name", {"name": name})
    return found.one_or_none() is not None


async def hold(uow: UnitOfWork, name: str) -> Row[Any] | None:
    """Lock the place that it has come to; None when another process is at it, or nothing is left."""
    found = await uow.execute(
        "SELECT tenant, id FROM backfill WHERE name = :name FOR UPDATE SKIP LOCKED", {"name": name}
    )
    return found.one_or_none()


async def move(uow: UnitOfWork, name: str, last: Row[Any] | None) -> None:
    """It has come to this row, or to its end."""
    if last is None:
        await uow.execute("DELETE FROM backfill WHERE name = :name", {"name": name})
    else:
        await uow.execute(
            "UPDATE backfill SET tenant = :tenant, id = :id WHERE name = :name",
            {"name": name, "tenant": last.tenant, "id": last.id},
        )


async def invitations_after(uow: UnitOfWork, place: Row[Any], most: int) -> Sequence[Row[Any]]:
    """The next invitations, of all tenants."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM invitation i WHERE CAST(:tenant AS text) IS NULL "
        "OR (i.tenant, i.id) > (:tenant, CAST(:id AS uuid)) ORDER BY i.tenant, i.id LIMIT :most",
        {"tenant": place.tenant, "id": place.id, "most": most},
    )
    return found.all()
