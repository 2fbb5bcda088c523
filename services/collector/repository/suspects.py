"""The suspect answers: those that show a sign of a machine, whether judged or not."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.collector.repository.answers import ANSWER_BODY, decode_answer
from shared.db.database import UnitOfWork
from shared.events import Answer

LOCK_SUSPECT = f"""
    SELECT {ANSWER_BODY} AS body
    FROM answer a
    WHERE a.tenant = :tenant AND a.id = :id AND a.signs <> '[]' AND NOT a.erased
        AND (CAST(:allowed AS text[]) IS NULL OR a.within ?| CAST(:allowed AS text[]))
    FOR UPDATE
"""
# The history does not get it: what stood in the answer stands in it still.
JUDGE_ANSWER = """
    UPDATE answer SET judgement = :judgement, version = :version, changed_at = :changed_at
    WHERE tenant = :tenant AND id = :id AND version = :version - 1
"""
LIST_SUSPECTS = f"""
    SELECT {ANSWER_BODY} AS body
    FROM answer a
    WHERE a.tenant = :tenant AND a.signs <> '[]' AND NOT a.erased AND (a.judgement IS NOT NULL) = :judged
        AND (CAST(:allowed AS text[]) IS NULL OR a.within ?| CAST(:allowed AS text[]))
        AND (CAST(:before_at AS timestamptz) IS NULL
            OR (a.answered_at, a.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT :limit
"""
COUNT_UNJUDGED = "SELECT count(*) FROM answer WHERE signs <> '[]' AND judgement IS NULL AND NOT erased"


async def lock_suspect(
    uow: UnitOfWork, tenant: str, answer_id: UUID, allowed: Sequence[str]
) -> Answer | None:
    """A suspect answer, locked; None where there is none that the caller may see.

    :param allowed: segments to which the caller is limited; none: not limited.
    """
    values = {"tenant": tenant, "id": answer_id, "allowed": list(allowed) or None}
    row = (await uow.execute(LOCK_SUSPECT, values)).one_or_none()
    return decode_answer(row.body) if row is not None else None


async def write_judgement(uow: UnitOfWork, tenant: str, answer: Answer) -> None:
    """Write the judgement of a locked answer, which is its next version."""
    await uow.execute(
        JUDGE_ANSWER,
        {
            "tenant": tenant,
            "id": answer.id,
            "judgement": answer.judgement,
            "version": answer.version,
            "changed_at": answer.changed_at,
        },
    )


async def list_suspects(
    uow: UnitOfWork,
    tenant: str,
    *,
    judged: bool,
    allowed: Sequence[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Answer]:
    """Suspect answers, the newest first: those that were judged, or those that wait for it.

    :param before: time and id of the last answer of the page before.
    """
    before_at, before_id = before or (None, None)
    rows = await uow.execute(
        LIST_SUSPECTS,
        {
            "tenant": tenant,
            "judged": judged,
            "allowed": list(allowed) or None,
            "before_at": before_at,
            "before_id": before_id,
            "limit": limit,
        },
    )
    return [decode_answer(row.body) for row in rows]


async def count_unjudged(uow: UnitOfWork) -> int:
    """How many suspect answers of all tenants wait to be judged."""
    return int((await uow.execute(COUNT_UNJUDGED)).scalar_one())
