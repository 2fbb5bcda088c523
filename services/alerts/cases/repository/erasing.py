"""What is erased of a customer's cases."""

from collections.abc import Sequence
from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import COLUMNS, Key, case_of_row
from shared.db.database import UnitOfWork
from shared.db.deadlines import clear_deadlines
from shared.privacy.erased import TARGETS, Target, of_target, target_values

LOCK_CASES_OF = f"""
    SELECT {COLUMNS}
    FROM cases c
    JOIN {TARGETS} ON {of_target("nullif(c.contact_key, '')", "c")}
    ORDER BY c.tenant, c.id
    FOR UPDATE OF c
"""


async def lock_cases_of(uow: UnitOfWork, targets: Sequence[Target]) -> list[CaseFile]:
    """The cases of these customers."""
    return [case_of_row(row) for row in await uow.execute(LOCK_CASES_OF, target_values(targets))]


ERASE_TIMELINES = """
    UPDATE timeline t SET facts = t.facts - 'text' - 'word' - 'subject' - 'attachments'
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE t.tenant = n.tenant AND t.case_id = n.id AND t.facts ?| '{text,word,subject,attachments}'
"""


# Versions before stored the key as the client sent it, and a hash of the request that is made without a key.
ERASE_TIMELINE_KEYS = """
    UPDATE timeline t SET key = NULL
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE t.tenant = n.tenant AND t.case_id = n.id AND t.key !~ '^[0-9a-f]{64}$'
"""
REMOVE_REQUESTS = """
    DELETE FROM case_request t
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE t.tenant = n.tenant AND t.case_id = n.id AND t.key !~ '^[0-9a-f]{64}$'
"""


async def erase_timelines(uow: UnitOfWork, cases: Sequence[CaseFile]) -> None:
    """Erase every text that somebody wrote about these cases, and to or from their customers, and what
    clients called their requests.
    """
    values = {"tenants": [case.tenant for case in cases], "ids": [case.id for case in cases]}
    await uow.execute(ERASE_TIMELINES, values)
    await uow.execute(ERASE_TIMELINE_KEYS, values)
    await uow.execute(REMOVE_REQUESTS, values)


END_WRITING = """
    UPDATE case_answer ca SET writing_until = NULL
    FROM (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
        UNION
        SELECT o.tenant, o.answer_id
        FROM case_answer o
        JOIN unnest(CAST(:case_tenants AS text[]), CAST(:cases AS uuid[])) AS c(tenant, id)
            ON o.tenant = c.tenant AND o.case_id = c.id
    ) k
    WHERE ca.tenant = k.tenant AND ca.answer_id = k.id AND ca.writing_until IS NOT NULL
    RETURNING ca.tenant, ca.answer_id
"""


async def end_writing(
    uow: UnitOfWork, quiet_deadline: str, answers: Sequence[Key], cases: Sequence[CaseFile]
) -> None:
    """Nobody is told any more that these answers, and those of these cases, are complete.

    The erased version of an answer may have come before, and names nobody by whom it would be found.
    """
    tenants: list[str] = [tenant for tenant, _ in answers]
    ids: list[UUID] = [answer for _, answer in answers]
    values = {
        "tenants": tenants,
        "ids": ids,
        "case_tenants": [case.tenant for case in cases],
        "cases": [case.id for case in cases],
    }
    ended = (await uow.execute(END_WRITING, values)).all()
    await clear_deadlines(uow, quiet_deadline, [(row.tenant, row.answer_id) for row in ended])
