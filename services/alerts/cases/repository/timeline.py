"""What happened to a case: entries, only ever added."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.alerts.cases.domain.closing import ContactTry
from services.alerts.cases.domain.timeline import CaseEntry
from shared.db.database import UnitOfWork

ADD_ENTRIES = """
    INSERT INTO timeline (tenant, case_id, seq, at, kind, by_id, by_name, facts, key, answers)
    SELECT tenant, case_id, seq, at, kind, by_id, by_name, facts, key, answers
    FROM jsonb_populate_recordset(CAST(NULL AS timeline), CAST(CAST(:rows AS text) AS jsonb))
    ORDER BY tenant, case_id, seq
"""


async def add_entries(uow: UnitOfWork, entries: Sequence[CaseEntry]) -> None:
    """Add entries. They travel as JSON, since arrays of arrays do not unnest."""
    await uow.execute(ADD_ENTRIES, {"rows": msgspec.json.encode(entries).decode()})


FIND_ENTRIES = """
    SELECT
        tenant, case_id, seq, at, kind, by_id, by_name, key, answers,
        CASE
            WHEN readable THEN CAST(facts AS text)
            WHEN kind = 'contact'
                THEN CAST(jsonb_build_object('how', facts -> 'how', 'reached', facts -> 'reached') AS text)
            WHEN kind IN ('handed_over', 'waiting')
                THEN CAST(facts - 'text' AS text)
            ELSE '{}'
        END AS facts
    FROM (
        SELECT
            t.*,
            CAST(:answers AS uuid[]) IS NULL
                OR t.kind IN (
                    'taken', 'assigned', 'released', 'resumed', 'restored', 'mail_left', 'mail_came_back',
                    'informed'
                )
                OR coalesce(t.answers <@ CAST(:answers AS uuid[]), false) AS readable
        FROM timeline t
        WHERE t.tenant = :tenant AND t.case_id = :case
            AND (CAST(:before AS bigint) IS NULL OR t.seq < :before)
    ) t
    WHERE readable
        OR kind IN (
            'contact', 'handed_over', 'waiting', 'mailed', 'wrote', 'closed', 'merged', 'objected', 'reopened'
        )
    ORDER BY seq DESC
    LIMIT :limit
"""


async def timeline(
    uow: UnitOfWork,
    tenant: str,
    case: UUID,
    answers: Sequence[UUID] | None,
    *,
    before: int | None = None,
    limit: int,
) -> list[CaseEntry]:
    """The last entries (before an entry's number), oldest first.

    ``answers`` are those that the reader may read; None: all. Of an entry about another one it is only told
    that there was a decision or a contact.
    """
    rows = await uow.execute(
        FIND_ENTRIES,
        {
            "tenant": tenant,
            "case": case,
            "answers": None if answers is None else list(answers),
            "before": before,
            "limit": limit,
        },
    )
    return [
        CaseEntry(**{**row._mapping, "facts": msgspec.json.decode(row.facts)})  # noqa: SLF001  (its documented name)
        for row in reversed(list(rows))
    ]


FIND_CONTACT_TRIES = """
    SELECT at, CASE kind WHEN 'mailed' THEN 'mail' ELSE facts ->> 'how' END AS how FROM timeline
    WHERE tenant = :tenant AND case_id = :case AND kind IN ('contact', 'mailed')
    ORDER BY seq DESC
    LIMIT :limit
"""
MAX_CONTACT_TRIES = 1_000


async def contact_tries(uow: UnitOfWork, tenant: str, case: UUID) -> list[ContactTry]:
    """When and how somebody tried to speak to the customer, or wrote to them, the last ones."""
    rows = await uow.execute(FIND_CONTACT_TRIES, {"tenant": tenant, "case": case, "limit": MAX_CONTACT_TRIES})
    return [ContactTry(row.at, row.how) for row in rows]


FIND_REACHED = """
    SELECT
        coalesce(bool_or(kind = 'mail_left'), false)
        AND NOT coalesce(bool_or(
            kind = 'contact' AND facts ->> 'reached' = 'true'
            OR kind = 'wrote' AND NOT facts ? 'automatic'
        ), false)
    FROM timeline
    WHERE tenant = :tenant AND case_id = :case AND kind IN ('mail_left', 'contact', 'wrote')
"""


async def reached_by_mail_alone(uow: UnitOfWork, tenant: str, case: UUID) -> bool:
    """Whether the first contact was a mail, and the customer has neither answered it nor been spoken to."""
    return bool((await uow.execute(FIND_REACHED, {"tenant": tenant, "case": case})).scalar_one())


FIND_OBJECTIONS = """
    SELECT t.tenant, t.answers[1] AS answer_id, CAST(t.facts ->> 'closed_at' AS timestamptz) AS closed_at
    FROM timeline t
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
        ON t.tenant = n.tenant AND t.case_id = n.id
    WHERE t.kind = 'objected' AND t.facts ? 'closed_at'
"""


async def recorded_objections(
    uow: UnitOfWork, cases: Sequence[tuple[str, UUID]]
) -> set[tuple[str, UUID, datetime]]:
    """The objections that these cases have recorded: tenant, answer, and the closing that each is about."""
    values = {"tenants": [tenant for tenant, _ in cases], "ids": [case for _, case in cases]}
    rows = await uow.execute(FIND_OBJECTIONS, values)
    return {(row.tenant, row.answer_id, row.closed_at) for row in rows}


FIND_LAST_REVEAL = """
    SELECT max(at) FROM timeline
    WHERE tenant = :tenant AND case_id = :case AND kind = 'revealed' AND by_id = :person
"""


async def last_reveal(uow: UnitOfWork, tenant: str, case: UUID, person: UUID) -> datetime | None:
    """When this person was last shown the customer's address."""
    found = await uow.execute(FIND_LAST_REVEAL, {"tenant": tenant, "case": case, "person": person})
    at: datetime | None = found.scalar_one()
    return at
