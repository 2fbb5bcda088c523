"""``view_mail_result``: what became of each mail of a saved view, by view, Monday and person."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.alerts.view_mails.domain import WrittenOutcome, outcome_of
from services.alerts.weekly.schedule import WEEKLY_DEADLINE
from shared.db.database import UnitOfWork
from shared.privacy.view_mails import (
    LeftViewMails,
    OwnViewMail,
    ViewMailHistory,
    ViewMailWeek,
    ViewMailWeekState,
)


class ViewMailResult(NamedTuple):
    """A mail that was to be written."""

    tenant: str
    view: UUID
    monday: date
    staff: UUID
    outcome: WrittenOutcome
    mail: UUID | None
    """Its notification; None: none was written."""


# A mail that was queued stays so: a try that ended in between may be told of twice.
KEEP_RESULT = """
    INSERT INTO view_mail_result (tenant, view_id, monday, staff_id, outcome, mail_id, noted_at)
    VALUES (:tenant, :view, :monday, :staff, :outcome, CAST(:mail AS uuid), :now)
    ON CONFLICT (tenant, view_id, monday, staff_id) DO UPDATE
    SET outcome = excluded.outcome, mail_id = excluded.mail_id, noted_at = excluded.noted_at
    WHERE view_mail_result.mail_id IS NULL
"""


async def keep_result(uow: UnitOfWork, written: ViewMailResult) -> None:
    """Keep what became of a mail; the newest try tells it."""
    await uow.execute(KEEP_RESULT, {**written._asdict(), "now": uow.now})


# A removed view has nobody's id: its mails are everybody's.
FORGET_WAITING = """
    DELETE FROM view_mail m
    USING unnest(CAST(:tenants AS text[]), CAST(:views AS uuid[]), CAST(:people AS uuid[]))
            AS a (tenant, view_id, staff_id)
        JOIN view_mail_result r ON r.tenant = a.tenant AND r.view_id = a.view_id
            AND (a.staff_id IS NULL OR r.staff_id = a.staff_id)
    WHERE m.tenant = r.tenant AND m.id = r.mail_id
"""


async def forget_waiting(uow: UnitOfWork, views: Sequence[tuple[str, UUID, UUID | None]]) -> None:
    """Forget the words of the mails of a company's views to a person, or (None) to everybody."""
    tenants, keys, people = zip(*views, strict=True)
    values = {"tenants": list(tenants), "views": list(keys), "people": list(people)}
    await uow.execute(FORGET_WAITING, values)


FIND_OWN = """
    SELECT r.monday, r.outcome, d.state, d.due_at,
        coalesce(d.settled_at, d.due_at, r.noted_at) AS at
    FROM view_mail_result r
    LEFT JOIN delivery d ON d.tenant = r.tenant AND d.about_id = r.mail_id
    WHERE r.tenant = :tenant AND r.view_id = :view AND r.staff_id = CAST(:staff AS uuid)
    ORDER BY r.monday DESC
    LIMIT 1
"""
FIND_LEFT = """
    SELECT r.monday, count(*) AS people, max(coalesce(d.settled_at, d.due_at)) AS at
    FROM view_mail_result r
    JOIN delivery d ON d.tenant = r.tenant AND d.about_id = r.mail_id
    WHERE r.tenant = :tenant AND r.view_id = :view AND d.state = 'sent'
    GROUP BY r.monday
    ORDER BY r.monday DESC
    LIMIT 1
"""
FIND_WEEK = """
    SELECT monday, ended_at, missed, give_up_at FROM view_mail_week
    WHERE tenant = :tenant
    ORDER BY monday DESC
    LIMIT 1
"""
FIND_NEXT = "SELECT min(due_at) FROM clock WHERE tenant = :tenant AND kind = :kind"


async def read_history(uow: UnitOfWork, tenant: str, view: UUID, staff: UUID | None) -> ViewMailHistory:
    """What became of the mails of a view.

    :param staff: whose own mails are told; None: nobody's.
    """
    key = {"tenant": tenant, "view": view}
    left = (await uow.execute(FIND_LEFT, key)).one_or_none()
    return ViewMailHistory(
        own=await _own(uow, tenant, view, staff),
        left=None if left is None else LeftViewMails(monday=left.monday, people=left.people, at=left.at),
        week=await _week(uow, tenant),
        next_at=(await uow.execute(FIND_NEXT, {"tenant": tenant, "kind": WEEKLY_DEADLINE})).scalar_one(),
    )


async def _own(uow: UnitOfWork, tenant: str, view: UUID, staff: UUID | None) -> OwnViewMail | None:
    row = (await uow.execute(FIND_OWN, {"tenant": tenant, "view": view, "staff": staff})).one_or_none()
    if row is None:
        return None
    outcome = outcome_of(row.outcome, row.state, row.due_at, uow.now)
    return OwnViewMail(monday=row.monday, outcome=outcome, at=row.at)


async def _week(uow: UnitOfWork, tenant: str) -> ViewMailWeek | None:
    row = (await uow.execute(FIND_WEEK, {"tenant": tenant})).one_or_none()
    if row is None:
        return None
    state: ViewMailWeekState = "missed" if row.missed else "done"
    if row.ended_at is None:
        state = "open"
    return ViewMailWeek(monday=row.monday, state=state, until=row.give_up_at)
