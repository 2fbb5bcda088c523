"""Rows restored from events, and cases by the page to be published again."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.repository.cases import COLUMNS, FIELDS, RECORDS, case_of_row, records
from shared.db.database import UnitOfWork
from shared.db.deadlines import clear_deadlines, clear_due_deadlines
from shared.events import Answer, segments_of
from shared.kafka.ops.recovery import Cursor

_PUBLISHED = (
    *("version", "decided_version", "decided_by", "state", "score", "owner_id", "cause", "outcome"),
    *("contact_due_at", "close_due_at", "due_at", "first_contact_at", "closed_at", "changed_at"),
    *("contact_key", "may_contact", "belongs", "told", "waiting_since", "waiting_calendar", "wake_at"),
)
"""The columns that change and that a case's event tells."""
_PUBLISHED_SINCE = ("priority", "team_id")
"""Those that events of older versions do not tell."""


def _restoring(columns: Sequence[str]) -> str:
    return f"""
        INSERT INTO cases AS c ({FIELDS})
        SELECT {FIELDS} FROM {RECORDS}
        ORDER BY tenant, id
        ON CONFLICT (tenant, id) DO UPDATE
        SET {", ".join(f"{name} = EXCLUDED.{name}" for name in columns)},
            merged_into = CASE WHEN EXCLUDED.outcome = 'duplicate' THEN c.merged_into END,
            reopened_at = coalesce(EXCLUDED.reopened_at, c.reopened_at)
        WHERE c.version < EXCLUDED.version
    """


RESTORE_CASES = _restoring((*_PUBLISHED, *_PUBLISHED_SINCE))
RESTORE_OLDER_CASES = _restoring(_PUBLISHED)
RAISE_COUNTERS = """
    INSERT INTO case_counter AS c (tenant, last)
    SELECT tenant, max(last)
    FROM unnest(CAST(:tenants AS text[]), CAST(:numbers AS bigint[])) AS n (tenant, last)
    GROUP BY 1
    ORDER BY 1
    ON CONFLICT (tenant) DO UPDATE SET last = greatest(c.last, EXCLUDED.last)
"""


async def restore_cases(uow: UnitOfWork, files: Sequence[CaseFile], *, by_older_version: bool) -> None:
    """Write the cases that are newer than their rows; raise the counters, which an older version may read.

    :param by_older_version: their events do not tell all: the rest stays as it is in the backup.
    """
    if not files:
        return
    statement = RESTORE_OLDER_CASES if by_older_version else RESTORE_CASES
    await uow.execute(statement, {"rows": records(files)})
    await uow.execute(
        RAISE_COUNTERS,
        {"tenants": [case.tenant for case in files], "numbers": [case.number for case in files]},
    )


ATTACH_ANSWERS = """
    INSERT INTO case_answer AS ca (tenant, answer_id, case_id, writing_until, belongs)
    SELECT n.tenant, n.answer, c.id, NULL, ARRAY(SELECT json_array_elements_text(n.segments))
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:own AS uuid[]), CAST(:customers AS text[]),
        CAST(:contacts AS text[]), CAST(:times AS timestamptz[]), CAST(CAST(:segments AS text[]) AS json[])
    ) AS n (tenant, answer, own, customer, contact, at, segments)
    CROSS JOIN LATERAL (
        SELECT id FROM cases c
        WHERE c.tenant = n.tenant
            AND (
                c.id = n.own
                OR c.customer_id = n.customer AND c.closed_at >= n.at
                AND (c.contact_key = n.contact OR c.contact_key = '' OR n.contact = '')
            )
        ORDER BY c.id = n.own DESC, c.opened_at DESC
        LIMIT 1
    ) c
    ORDER BY 1, 2
    ON CONFLICT (tenant, answer_id) DO UPDATE SET writing_until = NULL
    WHERE ca.writing_until IS NOT NULL
    RETURNING ca.tenant, ca.answer_id
"""


async def attach_answers(uow: UnitOfWork, unhappy: Sequence[tuple[str, Answer, UUID]]) -> None:
    """Attach each answer to the case that it opened (the third), else to one of its customer's closed later.

    An answer without such a case is consumed again like a new one.
    """
    attached = await uow.execute(
        ATTACH_ANSWERS,
        {
            "tenants": [tenant for tenant, _, _ in unhappy],
            "answers": [answer.id for _, answer, _ in unhappy],
            "own": [own for _, _, own in unhappy],
            "customers": [answer.customer_id for _, answer, _ in unhappy],
            "contacts": [answer.contact_key or "" for _, answer, _ in unhappy],
            "segments": [msgspec.json.encode(segments_of(answer)).decode() for _, answer, _ in unhappy],
            "times": [answer.changed_at for _, answer, _ in unhappy],
        },
    )
    await clear_deadlines(uow, QUIET_DEADLINE, [(row.tenant, row.answer_id) for row in attached])


END_OVERDUE_WRITING = """
    UPDATE case_answer SET writing_until = NULL
    WHERE writing_until <= :now
"""


async def end_overdue_writing(uow: UnitOfWork) -> int:
    """End the writing of answers whose mails may have been queued since the backup; returns how many."""
    ended = await clear_due_deadlines(uow, QUIET_DEADLINE)
    await uow.execute(END_OVERDUE_WRITING, {"now": uow.now})
    return ended


LOCK_OVERDUE_CASES = f"""
    SELECT {COLUMNS} FROM cases c
    WHERE c.next_step_at <= :now
    ORDER BY c.tenant, c.id
    LIMIT :limit
    FOR UPDATE OF c
"""


async def lock_overdue_cases(uow: UnitOfWork, limit: int) -> list[CaseFile]:
    """Cases of whose clocks a step is due."""
    rows = await uow.execute(LOCK_OVERDUE_CASES, {"limit": limit, "now": uow.now})
    return [case_of_row(row) for row in rows]


LOCK_RESTORED_CASES = f"""
    SELECT {COLUMNS} FROM cases c
    WHERE NOT EXISTS (
        SELECT FROM timeline t WHERE t.tenant = c.tenant AND t.case_id = c.id AND t.seq = c.version
    )
    ORDER BY c.tenant, c.id
    LIMIT :limit
    FOR UPDATE OF c
"""


async def lock_restored_cases(uow: UnitOfWork, limit: int) -> list[CaseFile]:
    """Cases whose last change has no entry: each change of ours writes one."""
    rows = await uow.execute(LOCK_RESTORED_CASES, {"limit": limit})
    return [case_of_row(row) for row in rows]


LOCK_CASES_AFTER = f"""
    SELECT {COLUMNS} FROM cases c
    WHERE CAST(:tenant AS text) IS NULL OR (c.tenant, c.id) > (:tenant, CAST(:id AS uuid))
    ORDER BY c.tenant, c.id
    LIMIT :limit
    FOR SHARE OF c
"""


async def lock_cases_after(uow: UnitOfWork, after: Cursor | None, limit: int) -> list[CaseFile]:
    """The next cases behind a cursor."""
    tenant, last = after or (None, None)
    rows = await uow.execute(LOCK_CASES_AFTER, {"tenant": tenant, "id": last, "limit": limit})
    return [case_of_row(row) for row in rows]
