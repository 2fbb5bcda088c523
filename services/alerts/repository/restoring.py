"""What is taken back from the topics after a restore, and paged through to be said again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.domain import CaseFile
from services.alerts.repository.cases import COLUMNS, case_of
from shared.db.database import UnitOfWork
from shared.events import Answer, segments_of
from shared.kafka.ops.recovery import Cursor

_FIELDS = ", ".join(CaseFile.__struct_fields__)
_SAID = (
    *("version", "decided_version", "decided_by", "state", "score", "owner_id", "cause", "outcome"),
    *("contact_due_at", "close_due_at", "due_at", "first_contact_at", "closed_at", "changed_at"),
    *("contact_key", "may_contact", "belongs"),
)


async def put_cases(uow: UnitOfWork, said: Sequence[CaseFile]) -> None:
    """Take back those that are newer than ours, and give no number twice."""
    await uow.execute(
        f"INSERT INTO cases AS c ({_FIELDS}) SELECT {_FIELDS} "
        "FROM jsonb_populate_recordset(CAST(NULL AS cases), CAST(CAST(:rows AS text) AS jsonb)) "
        "ORDER BY tenant, id ON CONFLICT (tenant, id) DO UPDATE SET "
        f"{', '.join(f'{name} = EXCLUDED.{name}' for name in _SAID)} WHERE c.version < EXCLUDED.version",
        {"rows": msgspec.json.encode(said).decode()},
    )
    await uow.execute(
        "INSERT INTO case_counter AS c (tenant, last) SELECT tenant, max(last) FROM unnest("
        "CAST(:tenants AS text[]), CAST(:numbers AS bigint[])) AS n(tenant, last) GROUP BY 1 ORDER BY 1 "
        "ON CONFLICT (tenant) DO UPDATE SET last = greatest(c.last, EXCLUDED.last)",
        {"tenants": [case.tenant for case in said], "numbers": [case.number for case in said]},
    )


async def attach_answers(uow: UnitOfWork, unhappy: Sequence[tuple[str, Answer, UUID]]) -> None:
    """Each answer belongs to the case that it opened (the third), else to one of its customer's that was
    closed after it. One that neither is true of is heard again like a new one.
    """
    await uow.execute(
        "INSERT INTO case_answer AS t (tenant, answer_id, case_id, writing_until, belongs) "
        "SELECT n.tenant, n.answer, c.id, NULL, ARRAY(SELECT json_array_elements_text(n.segments)) FROM "
        "unnest("
        "CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:own AS uuid[]), "
        "CAST(:customers AS text[]), CAST(:contacts AS text[]), CAST(:times AS timestamptz[]), "
        "CAST(CAST(:segments AS text[]) AS json[])) "
        "AS n(tenant, answer, own, customer, contact, at, segments) CROSS JOIN LATERAL ("
        "SELECT id FROM cases c WHERE c.tenant = n.tenant "
        "AND (c.id = n.own OR c.customer_id = n.customer AND c.closed_at >= n.at "
        "AND (c.contact_key = n.contact OR c.contact_key = '' OR n.contact = '')) "
        "ORDER BY c.id = n.own DESC, c.opened_at DESC LIMIT 1) c ORDER BY 1, 2 "
        "ON CONFLICT (tenant, answer_id) DO UPDATE SET writing_until = NULL "
        "WHERE t.writing_until IS NOT NULL",
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


async def perhaps_told(uow: UnitOfWork) -> int:
    """Mails that a younger state of this database may have sent become unknown, those that it may have queued
    since are never queued; how many.
    """
    mails = await uow.execute(
        "UPDATE notification SET state = 'unknown', lease_until = NULL, "
        "reason = 'the database was restored: it may have been sent since the backup' "
        "WHERE state = 'sending' OR state = 'waiting' AND due_at <= :now RETURNING 1",
        {"now": uow.now},
    )
    quiet = await uow.execute(
        "UPDATE case_answer SET writing_until = NULL WHERE writing_until <= :now RETURNING 1",
        {"now": uow.now},
    )
    return len(mails.all()) + len(quiet.all())


async def lock_taken_back(uow: UnitOfWork, most: int) -> list[CaseFile]:
    """Cases whose last change stands nowhere on their page: each change of ours writes a line."""
    rows = await uow.execute(
        f"SELECT {COLUMNS} FROM cases c WHERE NOT EXISTS (SELECT FROM timeline t WHERE t.tenant = c.tenant "
        "AND t.case_id = c.id AND t.seq = c.version) ORDER BY c.tenant, c.id LIMIT :most FOR UPDATE OF c",
        {"most": most},
    )
    return [case_of(row) for row in rows]


async def lock_cases_after(uow: UnitOfWork, after: Cursor | None, most: int) -> list[CaseFile]:
    """The next cases behind a cursor."""
    tenant, last = after or (None, None)
    values: dict[str, Any] = {"tenant": tenant, "id": last, "most": most}
    rows = await uow.execute(
        f"SELECT {COLUMNS} FROM cases c WHERE CAST(:tenant AS text) IS NULL "
        "OR (c.tenant, c.id) > (:tenant, CAST(:id AS uuid)) ORDER BY c.tenant, c.id LIMIT :most "
        "FOR SHARE OF c",
        values,
    )
    return [case_of(row) for row in rows]
