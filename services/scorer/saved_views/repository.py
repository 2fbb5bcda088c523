"""``saved_view``: pages that people have saved."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.scorer.saved_views.domain import SavedView
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

_COLUMNS = "v.id, v.staff_id, v.name, v.address, v.shared, v.created_at, v.changed_at"

FIND_VIEW = f"SELECT {_COLUMNS} FROM saved_view v WHERE v.tenant = :tenant AND v.id = :id"
LOCK_VIEW = f"{FIND_VIEW} FOR UPDATE"


async def find_view(uow: UnitOfWork, tenant: str, key: UUID, *, lock: bool = False) -> SavedView | None:
    """One saved view of a company, whoever's it is."""
    row = (await uow.execute(LOCK_VIEW if lock else FIND_VIEW, {"tenant": tenant, "id": key})).one_or_none()
    return None if row is None else _view(row)


LIST_VIEWS = f"""
    SELECT {_COLUMNS} FROM saved_view v
    WHERE v.tenant = :tenant AND (v.shared OR v.staff_id = CAST(:person AS uuid))
      AND (CAST(:after_id AS uuid) IS NULL
           OR (v.staff_id IS DISTINCT FROM CAST(:person AS uuid), lower(v.name), v.id)
              > (CAST(:after_others AS boolean), lower(CAST(:after_name AS text)), CAST(:after_id AS uuid)))
    ORDER BY v.staff_id IS DISTINCT FROM CAST(:person AS uuid), lower(v.name), v.id
    LIMIT :limit
"""


async def list_views(
    uow: UnitOfWork, tenant: str, person: UUID | None, limit: int, after: SavedView | None = None
) -> list[SavedView]:
    """Those of a person by name, and behind them those that others share.

    :param person: None: a program, which has none of its own.
    :param after: the last view before these; None: they are the first.
    """
    values: dict[str, object] = {"tenant": tenant, "person": person, "limit": limit}
    values |= {"after_id": None, "after_name": None, "after_others": None}
    if after is not None:
        values |= {"after_id": after.id, "after_name": after.name, "after_others": after.staff_id != person}
    return [_view(row) for row in await uow.execute(LIST_VIEWS, values)]


COUNT_OTHER_VIEWS = """
    SELECT count(*) AS others, coalesce(bool_or(v.name = :name), false) AS taken
    FROM saved_view v
    WHERE v.tenant = :tenant AND v.staff_id = :person AND v.id <> :id
"""


async def count_other_views(
    uow: UnitOfWork, tenant: str, person: UUID, key: UUID, name: str
) -> tuple[int, bool]:
    """How many views a person has besides this one, and whether one of them has the name.

    Until the transaction ends, nobody else changes what this person has saved.
    """
    await lock_name(uow, "saved views", tenant, str(person))
    values = {"tenant": tenant, "person": person, "id": key, "name": name}
    row = (await uow.execute(COUNT_OTHER_VIEWS, values)).one()
    return int(row.others), bool(row.taken)


WRITE_VIEW = """
    INSERT INTO saved_view (tenant, id, staff_id, name, address, shared, created_at, changed_at)
    VALUES (:tenant, :id, :staff_id, :name, :address, :shared, :created_at, :changed_at)
    ON CONFLICT (tenant, id) DO UPDATE
    SET name = EXCLUDED.name, address = EXCLUDED.address, shared = EXCLUDED.shared,
        changed_at = EXCLUDED.changed_at
    WHERE saved_view.staff_id = EXCLUDED.staff_id
    RETURNING id
"""


async def write_view(uow: UnitOfWork, tenant: str, view: SavedView) -> bool:
    """Add a view or write it anew; False: the id is that of somebody else's."""
    values = {
        "tenant": tenant,
        "id": view.id,
        "staff_id": view.staff_id,
        "name": view.name,
        "address": view.address,
        "shared": view.shared,
        "created_at": view.created_at,
        "changed_at": view.changed_at,
    }
    return (await uow.execute(WRITE_VIEW, values)).one_or_none() is not None


DELETE_SCREENS_OF_VIEW = "DELETE FROM screen WHERE tenant = :tenant AND view_id = :id"
DELETE_MAILS_OF_VIEW = "DELETE FROM view_mail WHERE tenant = :tenant AND view_id = :id"
DELETE_VIEW = "DELETE FROM saved_view WHERE tenant = :tenant AND id = :id"


async def delete_view(uow: UnitOfWork, tenant: str, key: UUID) -> None:
    """Remove a view, the screens that show it, and its mails."""
    await uow.execute(DELETE_SCREENS_OF_VIEW, {"tenant": tenant, "id": key})
    await uow.execute(DELETE_MAILS_OF_VIEW, {"tenant": tenant, "id": key})
    await uow.execute(DELETE_VIEW, {"tenant": tenant, "id": key})


def _view(row: Row[Any]) -> SavedView:
    return SavedView(
        id=row.id,
        staff_id=row.staff_id,
        name=row.name,
        address=row.address,
        shared=row.shared,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
