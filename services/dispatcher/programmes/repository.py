"""``programme``: how far each has come, and whom it asks next."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.programmes.turns import Progress
from services.dispatcher.waves import repository as wave_rows
from shared.db import UnitOfWork

_COLUMNS = "p.tenant, p.survey_id, p.every_days, p.period, p.began_at, p.position, p.published"

LIST_RUNNING = """
    SELECT tenant, id, programme, max_age_days, programme_since FROM survey
    WHERE programme IS NOT NULL AND state = 'live' AND EXISTS (
        SELECT FROM sending m WHERE m.tenant = survey.tenant AND m.mode = 'live'
    )
    ORDER BY tenant, id
"""


async def list_running(uow: UnitOfWork) -> Sequence[Row[Any]]:
    """The surveys of all tenants that ask by a programme now: in test mode none does."""
    return (await uow.execute(LIST_RUNNING)).all()


INSERT = """
    INSERT INTO programme (tenant, survey_id, every_days, period, began_at, position)
    VALUES (:tenant, :survey_id, :every_days, :period, :began_at, :position)
    ON CONFLICT (tenant, survey_id) DO NOTHING
"""
LOCK = f"""
    SELECT {_COLUMNS} FROM programme p
    WHERE p.tenant = :tenant AND p.survey_id = :survey_id AND EXISTS (
        SELECT FROM survey s JOIN sending m USING (tenant)
        WHERE s.tenant = p.tenant AND s.id = p.survey_id AND s.programme IS NOT NULL AND s.state = 'live'
            AND m.mode = 'live'
    )
    FOR UPDATE SKIP LOCKED
"""
UPDATE = """
    UPDATE programme
    SET every_days = :every_days, period = :period, began_at = :began_at, position = :position,
        published = :published
    WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def insert(uow: UnitOfWork, progress: Progress) -> None:
    """Let a programme begin; one that has begun stays as it is."""
    await uow.execute(INSERT, _values(progress))


async def lock(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Progress | None:
    """Lock a programme; None: it has not begun, asks no more by now, or another worker has it."""
    values = {"tenant": tenant, "survey_id": survey_id}
    row = (await uow.execute(LOCK, values)).mappings().one_or_none()
    return _progress(row) if row is not None else None


async def update(uow: UnitOfWork, progress: Progress) -> None:
    """How far the locked programme has come."""
    await uow.execute(UPDATE, _values(progress))


async def list_customers(
    uow: UnitOfWork, progress: Progress, until: str | None, limit: int
) -> list[CustomerProfile]:
    """The next customers of this period up to a pseudonym who are not suppressed."""
    values = {"tenant": progress.tenant, "after": progress.position, "until": until, "limit": limit}
    rows = await uow.execute(wave_rows.LIST_ELIGIBLE, {**values, "segments": "{}", "joined_by": uow.now})
    return [CustomerProfile(**row) for row in rows.mappings()]


FIND = f"""
    SELECT {_COLUMNS} FROM programme p WHERE p.tenant = :tenant AND p.survey_id = :survey_id
"""


async def find(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Progress | None:
    """How far a programme has come; None: it has not begun."""
    values = {"tenant": tenant, "survey_id": survey_id}
    row = (await uow.execute(FIND, values)).mappings().one_or_none()
    return _progress(row) if row is not None else None


async def count_outcomes(uow: UnitOfWork, progress: Progress) -> dict[str, int]:
    """What was decided about the customers of this period."""
    return await wave_rows.count_outcomes(uow, progress.tenant, progress.group)


def _progress(row: RowMapping) -> Progress:
    return Progress(**row)


def _values(progress: Progress) -> dict[str, Any]:
    return {name: getattr(progress, name) for name in progress.__struct_fields__}
