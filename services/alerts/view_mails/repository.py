"""``view_mail_week`` and ``view_mail``: which weeks are still to be asked about, and mails that wait."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.view_mails.domain import TRIED_FOR, TRY_AGAIN_AFTER, VALID_FOR, WEEKS_KEPT
from shared.db.database import UnitOfWork
from shared.tenancy.closed import IS_OPEN

BEGIN_WEEKS = """
    INSERT INTO view_mail_week (tenant, monday, try_at, give_up_at)
    SELECT w.tenant, w.monday, :now, :give_up_at
    FROM unnest(CAST(:tenants AS text[]), CAST(:mondays AS date[])) AS w (tenant, monday)
    ON CONFLICT DO NOTHING
"""


async def begin_weeks(uow: UnitOfWork, weeks: Sequence[tuple[str, date]]) -> None:
    """The mails of these companies' Mondays are due; the same again changes nothing."""
    if not weeks:
        return
    ordered = sorted(set(weeks))
    values = {"tenants": [tenant for tenant, _ in ordered], "mondays": [monday for _, monday in ordered]}
    times = {"now": uow.now, "give_up_at": uow.now + TRIED_FOR}
    await uow.execute(BEGIN_WEEKS, {**values, **times})


class DueWeek(NamedTuple):
    """A week about which the scorer is asked now."""

    tenant: str
    monday: date
    give_up_at: datetime


# A company that is closed waits, as its other mails do, and its time passes.
CLAIM_WEEK = f"""
    UPDATE view_mail_week SET try_at = :again
    WHERE (tenant, monday) IN (
        SELECT w.tenant, w.monday FROM view_mail_week w
        WHERE w.ended_at IS NULL AND w.try_at <= :now AND (w.tenant {IS_OPEN} OR w.give_up_at <= :now)
        ORDER BY w.try_at
        LIMIT 1
        FOR UPDATE OF w SKIP LOCKED
    )
    RETURNING tenant, monday, give_up_at
"""


async def claim_week(uow: UnitOfWork) -> DueWeek | None:
    """One week that is due, which nobody else asks about for some minutes."""
    values = {"now": uow.now, "again": uow.now + TRY_AGAIN_AFTER}
    row = (await uow.execute(CLAIM_WEEK, values)).one_or_none()
    return None if row is None else DueWeek(row.tenant, row.monday, row.give_up_at)


END_WEEK = """
    UPDATE view_mail_week SET ended_at = :now, missed = :missed
    WHERE tenant = :tenant AND monday = :monday AND ended_at IS NULL
"""


async def end_week(uow: UnitOfWork, week: DueWeek, *, missed: bool) -> None:
    """Nothing more is asked about it."""
    values = {"tenant": week.tenant, "monday": week.monday, "missed": missed, "now": uow.now}
    await uow.execute(END_WEEK, values)


END_WEEKS = "UPDATE view_mail_week SET ended_at = :now, missed = true WHERE ended_at IS NULL"


async def end_weeks(uow: UnitOfWork) -> int:
    """After a restore: mails of weeks that were under way may have left already; returns how many weeks."""
    return (await uow.execute(END_WEEKS, {"now": uow.now})).rowcount


COUNT_WAITING = "SELECT count(*) FROM view_mail_week WHERE ended_at IS NULL"


async def count_waiting_weeks(uow: UnitOfWork) -> int:
    """Of how many companies not all mails are written."""
    return int((await uow.execute(COUNT_WAITING)).scalar_one())


FIND_QUEUED = """
    SELECT n.id FROM notification n
    WHERE n.tenant = :tenant AND n.id = ANY(CAST(:ids AS uuid[]))
"""


async def queued_already(uow: UnitOfWork, tenant: str, keys: Sequence[UUID]) -> set[UUID]:
    """Those of these mails that were queued before."""
    return set((await uow.execute(FIND_QUEUED, {"tenant": tenant, "ids": list(keys)})).scalars())


ADD_MAIL = """
    INSERT INTO view_mail (tenant, id, role, segments, body, created_at)
    VALUES (:tenant, :id, :role, CAST(:segments AS text[]), CAST(:body AS jsonb), :now)
    ON CONFLICT DO NOTHING
"""


async def add_mail(
    uow: UnitOfWork, tenant: str, key: UUID, *, role: str, segments: Sequence[str], body: str
) -> None:
    """Keep a mail until it leaves, with what its reader might see when it was written."""
    values = {"tenant": tenant, "id": key, "role": role, "segments": list(segments), "body": body}
    await uow.execute(ADD_MAIL, {**values, "now": uow.now})


FIND_MAIL = """
    SELECT role, segments, CAST(body AS text) AS body, created_at
    FROM view_mail WHERE tenant = :tenant AND id = :id
"""


async def find_mail(uow: UnitOfWork, tenant: str, key: UUID) -> Any | None:
    """A mail that waits."""
    return (await uow.execute(FIND_MAIL, {"tenant": tenant, "id": key})).one_or_none()


DELETE_OLD_MAILS = "DELETE FROM view_mail WHERE created_at < :before"
DELETE_OLD_WEEKS = "DELETE FROM view_mail_week WHERE monday < :before AND ended_at IS NOT NULL"
DELETE_OLD_RESULTS = "DELETE FROM view_mail_result WHERE monday < :before"


async def delete_old(uow: UnitOfWork) -> None:
    """Delete mails that leave no more, and weeks that are long over, with what became of their mails."""
    await uow.execute(DELETE_OLD_MAILS, {"before": uow.now - VALID_FOR})
    for statement in (DELETE_OLD_WEEKS, DELETE_OLD_RESULTS):
        await uow.execute(statement, {"before": (uow.now - WEEKS_KEPT).date()})
