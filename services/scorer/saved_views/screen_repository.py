"""``screen``: links by which a screen shows a saved view. Their tokens are kept as digests only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.scorer.saved_views.domain import SavedView, Screen
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

_COLUMNS = "s.id, s.view_id, s.staff_id, s.name, s.created_at, s.expires_at, s.used_at"

FIND_BY_DIGEST = f"""
    SELECT {_COLUMNS} FROM screen s
    WHERE s.tenant = :tenant AND s.digest = :digest AND s.expires_at > :now
"""


async def find_open(uow: UnitOfWork, tenant: str, digest: str) -> Screen | None:
    """The screen of a token, unless its time is over."""
    found = await uow.execute(FIND_BY_DIGEST, {"tenant": tenant, "digest": digest, "now": uow.now})
    row = found.one_or_none()
    return None if row is None else _screen(row)


LIST_SCREENS = f"""
    SELECT {_COLUMNS} FROM screen s
    WHERE s.tenant = :tenant AND s.view_id = :view
    ORDER BY s.created_at DESC, s.id DESC
    LIMIT :limit
"""


async def list_screens(uow: UnitOfWork, tenant: str, view: UUID, limit: int) -> list[Screen]:
    """The screens of a view, the newest first."""
    values = {"tenant": tenant, "view": view, "limit": limit}
    return [_screen(row) for row in await uow.execute(LIST_SCREENS, values)]


LIST_WITH_VIEWS = f"""
    SELECT {_COLUMNS}, v.staff_id AS view_staff_id, v.name AS view_name, v.address, v.shared,
           v.created_at AS view_created_at, v.changed_at
    FROM screen s
    JOIN saved_view v ON v.tenant = s.tenant AND v.id = s.view_id
    WHERE s.tenant = :tenant
    ORDER BY s.created_at DESC, s.id DESC
    LIMIT :limit
"""


async def list_with_views(uow: UnitOfWork, tenant: str, limit: int) -> list[tuple[Screen, SavedView]]:
    """The screens of the whole company with what each shows, the newest first."""
    rows = await uow.execute(LIST_WITH_VIEWS, {"tenant": tenant, "limit": limit})
    return [(_screen(row), _view_of(row)) for row in rows]


FORGET_ENDED = "DELETE FROM screen WHERE tenant = :tenant AND expires_at < :before"
COUNT_SCREENS = "SELECT count(*) FROM screen WHERE tenant = :tenant"


async def count_screens(uow: UnitOfWork, tenant: str, ended_before: datetime) -> int:
    """How many screens a company has. Those that ended before a time are forgotten.

    Until the transaction ends, nobody else adds one.
    """
    await lock_name(uow, "screens", tenant)
    await uow.execute(FORGET_ENDED, {"tenant": tenant, "before": ended_before})
    return int((await uow.execute(COUNT_SCREENS, {"tenant": tenant})).scalar_one())


INSERT_SCREEN = """
    INSERT INTO screen (tenant, id, view_id, staff_id, name, digest, created_at, expires_at)
    VALUES (:tenant, :id, :view_id, :staff_id, :name, :digest, :created_at, :expires_at)
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING id
"""


async def insert_screen(uow: UnitOfWork, tenant: str, screen: Screen, digest: str) -> bool:
    """Add a screen; False: one of this id is there already."""
    values = {
        "tenant": tenant,
        "id": screen.id,
        "view_id": screen.view_id,
        "staff_id": screen.staff_id,
        "name": screen.name,
        "digest": digest,
        "created_at": screen.created_at,
        "expires_at": screen.expires_at,
    }
    return (await uow.execute(INSERT_SCREEN, values)).one_or_none() is not None


DELETE_SCREEN = """
    DELETE FROM screen
    WHERE tenant = :tenant AND view_id = :view AND id = :id
    RETURNING id
"""


async def delete_screen(uow: UnitOfWork, tenant: str, view: UUID, key: UUID) -> bool:
    """Remove a screen of a view; False: there is none."""
    found = await uow.execute(DELETE_SCREEN, {"tenant": tenant, "view": view, "id": key})
    return found.one_or_none() is not None


STORE_SCREEN_USES = """
    UPDATE screen s SET used_at = n.used_at
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]))
        AS n(tenant, id, used_at)
    WHERE s.tenant = n.tenant AND s.id = n.id AND (s.used_at IS NULL OR s.used_at < n.used_at)
"""


async def store_screen_uses(uow: UnitOfWork, uses: Mapping[tuple[str, UUID], datetime]) -> None:
    """Keep the later of what is stored and these, by tenant and screen."""
    ordered = sorted(uses.items())
    await uow.execute(
        STORE_SCREEN_USES,
        {
            "tenants": [tenant for (tenant, _), _ in ordered],
            "ids": [screen for (_, screen), _ in ordered],
            "times": [at for _, at in ordered],
        },
    )


def _view_of(row: Row[Any]) -> SavedView:
    return SavedView(
        id=row.view_id,
        staff_id=row.view_staff_id,
        name=row.view_name,
        address=row.address,
        shared=row.shared,
        created_at=row.view_created_at,
        changed_at=row.changed_at,
    )


def _screen(row: Row[Any]) -> Screen:
    return Screen(
        id=row.id,
        view_id=row.view_id,
        staff_id=row.staff_id,
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
