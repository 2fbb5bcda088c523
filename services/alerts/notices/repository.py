"""Mails to colleagues: a row each, claimed by one sender at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.ids import derived, uuid7
from shared.outbound import LEASE_DURATION
from shared.outbound.leases import LEASE_ENDED

CaseNotice = tuple[str, UUID, UUID, UUID]
"""Tenant, person, case, answer."""
SettledState = Literal["waiting", "sent", "failed", "dropped", "unknown"]

QUEUE_CASE_NOTICES = """
    INSERT INTO notification (
        tenant, id, kind, staff_id, case_id, answer_id, state, attempts, due_at, created_at
    )
    SELECT n.tenant, n.id, 'case', n.person, n.case_id, n.answer, :state, 0, :now, :now
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:persons AS uuid[]), CAST(:cases AS uuid[]),
        CAST(:answers AS uuid[])
    ) AS n (tenant, id, person, case_id, answer)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
"""


async def queue_case_notices(
    uow: UnitOfWork, wanted: Sequence[CaseNotice], *, state: Literal["waiting", "unknown"] = "waiting"
) -> None:
    """Queue the mail about an answer once for each person, however often the answer is consumed.

    ``unknown``: it may have been sent already, and never will be.
    """
    rows = sorted(
        (tenant, derived("notification", tenant, str(answer), str(person)), person, case, answer)
        for tenant, person, case, answer in wanted
    )
    tenants, ids, persons, cases, answers = zip(*rows, strict=True)
    await uow.execute(
        QUEUE_CASE_NOTICES,
        {
            "tenants": list(tenants),
            "ids": list(ids),
            "persons": list(persons),
            "cases": list(cases),
            "answers": list(answers),
            "state": state,
            "now": uow.now,
        },
    )


QUEUE_INVITATION = """
    INSERT INTO notification (tenant, id, kind, staff_id, state, attempts, due_at, created_at, by_id)
    VALUES (:tenant, :id, 'invite', :person, 'waiting', 0, :now, :now, :by)
"""


async def queue_invitation(uow: UnitOfWork, tenant: str, person: UUID, *, by: UUID | None = None) -> None:
    """Queue the mail by which a colleague (``by``) invites a person; its link is made when it is sent."""
    await uow.execute(
        QUEUE_INVITATION, {"tenant": tenant, "id": uuid7(), "person": person, "now": uow.now, "by": by}
    )


CLAIM = """
    UPDATE notification n SET state = 'sending', lease_until = :lease
    FROM (
        SELECT tenant, id FROM notification
        WHERE state = 'waiting' AND due_at <= :now
        ORDER BY due_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) due, staff s
    WHERE n.tenant = due.tenant AND n.id = due.id AND s.tenant = n.tenant AND s.id = n.staff_id
    RETURNING
        n.tenant, n.id, n.kind, n.case_id, n.answer_id, n.attempts, n.refusals, n.by_id,
        s.id AS staff_id, s.address, s.name, s.role, s.segments, s.active, s.wants_mail, s.language
"""


async def claim(uow: UnitOfWork) -> Any | None:
    """Claim the next mail that is due until its lease ends; with its recipient as they are now."""
    found = await uow.execute(CLAIM, {"now": uow.now, "lease": uow.now + LEASE_DURATION})
    return found.one_or_none()


SETTLE = """
    UPDATE notification SET
        state = :state,
        reason = :reason,
        lease_until = NULL,
        due_at = coalesce(CAST(:due AS timestamptz), due_at),
        attempts = attempts + CAST(:tried AS integer),
        refusals = refusals + CAST(:refused AS integer)
    WHERE tenant = :tenant AND id = :id AND state = 'sending'
"""


async def settle(
    uow: UnitOfWork,
    tenant: str,
    notice: UUID,
    state: SettledState,
    reason: str | None = None,
    due_at: datetime | None = None,
    *,
    tried: bool = False,
    refused: bool = False,
) -> None:
    """Record the outcome of a claimed mail; one whose lease has ended stays unknown."""
    await uow.execute(
        SETTLE,
        {
            "tenant": tenant,
            "id": notice,
            "state": state,
            "reason": reason,
            "due": due_at,
            "tried": int(tried),
            "refused": int(refused),
        },
    )


END_LEASES = """
    UPDATE notification SET state = 'unknown', reason = :reason, lease_until = NULL
    WHERE (tenant, id) IN (
        SELECT tenant, id FROM notification
        WHERE state = 'sending' AND lease_until < :now
        ORDER BY tenant, id
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
"""


async def end_leases(uow: UnitOfWork, limit: int) -> int:
    """Make mails unknown whose sender never reported: they may have been sent. Returns how many."""
    ended = await uow.execute(END_LEASES, {"now": uow.now, "reason": LEASE_ENDED, "limit": limit})
    return ended.rowcount


COUNT_QUEUED = """
    SELECT
        count(*) FILTER (WHERE state = 'waiting') AS due,
        count(*) FILTER (WHERE state = 'sending') AS sending,
        min(due_at) FILTER (WHERE state = 'waiting') AS oldest
    FROM notification
    WHERE state IN ('waiting', 'sending') AND due_at <= :now
"""


async def queued(uow: UnitOfWork) -> Any:
    """How many mails are due, since when the oldest of them is, and how many are being sent."""
    found = await uow.execute(COUNT_QUEUED, {"now": uow.now})
    return found.one()


COUNT_STATES = """
    SELECT state, count(*) AS n FROM notification
    WHERE tenant = :tenant AND case_id = :case AND answer_id = ANY(CAST(:answers AS uuid[]))
    GROUP BY state
"""


async def count_states(uow: UnitOfWork, tenant: str, case: UUID, answers: Sequence[UUID]) -> dict[str, int]:
    """How many mails about these answers of a case are in each state."""
    rows = await uow.execute(COUNT_STATES, {"tenant": tenant, "case": case, "answers": list(answers)})
    return {row.state: row.n for row in rows}
