"""``mark``: one row for each mark on the trend."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.scorer.marks.domain import Mark
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

_COLUMNS = "m.id, m.day, m.text, m.segment, m.created_at, m.changed_at"

FIND_MARK = f"SELECT {_COLUMNS} FROM mark m WHERE m.tenant = :tenant AND m.id = :id"
LOCK_MARK = f"{FIND_MARK} FOR UPDATE"


async def find_mark(uow: UnitOfWork, tenant: str, key: UUID, *, lock: bool = False) -> Mark | None:
    """One mark of a company."""
    row = (await uow.execute(LOCK_MARK if lock else FIND_MARK, {"tenant": tenant, "id": key})).one_or_none()
    return None if row is None else _mark(row)


INSERT_MARK = """
    INSERT INTO mark (tenant, id, day, text, segment, created_at, changed_at)
    VALUES (:tenant, :id, :day, :text, :segment, :created_at, :changed_at)
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING id
"""


async def insert_mark(uow: UnitOfWork, tenant: str, mark: Mark) -> bool:
    """Add a mark; False: one of this id is there already."""
    return (await uow.execute(INSERT_MARK, _values(tenant, mark))).one_or_none() is not None


UPDATE_MARK = """
    UPDATE mark SET day = :day, text = :text, segment = :segment, changed_at = :changed_at
    WHERE tenant = :tenant AND id = :id
"""


async def update_mark(uow: UnitOfWork, tenant: str, mark: Mark) -> None:
    """Write a mark that is locked."""
    values = _values(tenant, mark)
    del values["created_at"]
    await uow.execute(UPDATE_MARK, values)


DELETE_MARK = "DELETE FROM mark WHERE tenant = :tenant AND id = :id"


async def delete_mark(uow: UnitOfWork, tenant: str, key: UUID) -> None:
    """Remove a mark."""
    await uow.execute(DELETE_MARK, {"tenant": tenant, "id": key})


COUNT_MARKS = "SELECT count(*) FROM mark WHERE tenant = :tenant"


async def count_marks(uow: UnitOfWork, tenant: str) -> int:
    """How many marks a company has. Until the transaction ends, nobody else adds one."""
    await lock_name(uow, "marks", tenant)
    return int((await uow.execute(COUNT_MARKS, {"tenant": tenant})).scalar_one())


LIST_MARKS = f"""
    SELECT {_COLUMNS} FROM mark m
    WHERE m.tenant = :tenant
        AND (m.segment = '' OR cardinality(CAST(:limited_to AS text[])) = 0 OR EXISTS (
            SELECT FROM unnest(CAST(:limited_to AS text[])) AS l(top)
            WHERE m.segment = l.top OR starts_with(m.segment, l.top || '/')))
        AND (CAST(:day AS date) IS NULL OR (m.day, m.id) < (CAST(:day AS date), CAST(:id AS uuid)))
    ORDER BY m.day DESC, m.id DESC
    LIMIT :limit
"""


async def list_marks(
    uow: UnitOfWork,
    tenant: str,
    *,
    limited_to: Sequence[str],
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Mark]:
    """The next marks behind a place, the latest day first.

    :param limited_to: segments; those of other segments are left out, but not those of the whole company.
    """
    day, last = after or (None, None)
    values = {"tenant": tenant, "limited_to": list(limited_to), "day": day, "id": last, "limit": limit}
    return [_mark(row) for row in await uow.execute(LIST_MARKS, values)]


LIST_MARKS_OF_DAYS = f"""
    SELECT {_COLUMNS} FROM mark m
    WHERE m.tenant = :tenant AND m.segment = ANY(CAST(:segments AS text[]))
        AND m.day BETWEEN :first AND :last
    ORDER BY m.day DESC, m.id DESC
    LIMIT :limit
"""


async def list_marks_of_days(
    uow: UnitOfWork, tenant: str, segments: Sequence[str], first: date, last: date, limit: int
) -> list[Mark]:
    """The latest marks of these segments on these days, the latest day first."""
    values = {"tenant": tenant, "segments": list(segments), "first": first, "last": last, "limit": limit}
    return [_mark(row) for row in await uow.execute(LIST_MARKS_OF_DAYS, values)]


def _mark(row: Row[Any]) -> Mark:
    return Mark(
        id=row.id,
        day=row.day,
        text=row.text,
        segment=row.segment,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _values(tenant: str, mark: Mark) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "id": mark.id,
        "day": mark.day,
        "text": mark.text,
        "segment": mark.segment,
        "created_at": mark.created_at,
        "changed_at": mark.changed_at,
    }
