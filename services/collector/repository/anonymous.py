"""Anonymous answers, and which links of anonymous surveys were answered."""

from datetime import date
from uuid import UUID

from services.collector.domain import PageRevision
from services.collector.repository.answers import ANSWER_BODY, decode_answer
from shared.db.database import UnitOfWork
from shared.events import Answer

CLAIM_LINK = """
    INSERT INTO answered_link AS t (tenant, invitation_id, day, claim)
    VALUES (:tenant, :invitation_id, :day, :claim)
    ON CONFLICT (tenant, invitation_id) DO NOTHING
"""
FIND_CLAIM = """
    SELECT claim FROM answered_link WHERE tenant = :tenant AND invitation_id = :invitation_id
"""


async def claim_link(uow: UnitOfWork, tenant: str, invitation_id: UUID, day: date, claim: bytes) -> bool:
    """Note that a link is answered by the page that can make this claim; False if another page was faster."""
    link = {"tenant": tenant, "invitation_id": invitation_id}
    await uow.execute(CLAIM_LINK, {**link, "day": day, "claim": claim})
    found = (await uow.execute(FIND_CLAIM, link)).scalar_one()
    return found is not None and bytes(found) == claim


LOCK_ANSWER_ID = """
    SELECT pg_advisory_xact_lock(hashtextextended('anonymous:' || CAST(:id AS text), 0))
"""
LOCK_ANSWER = f"""
    SELECT {ANSWER_BODY} AS body, a.page, a.page_seq
    FROM answer a
    WHERE a.tenant = :tenant AND a.id = :id AND a.anonymous
    FOR UPDATE
"""


async def lock_answer(
    uow: UnitOfWork, tenant: str, answer_id: UUID
) -> tuple[Answer | None, PageRevision | None]:
    """An anonymous answer, locked whether it is there or not, and the page that wrote the whole of it."""
    await uow.execute(LOCK_ANSWER_ID, {"id": str(answer_id)})
    row = (await uow.execute(LOCK_ANSWER, {"tenant": tenant, "id": answer_id})).one_or_none()
    if row is None:
        return None, None
    return decode_answer(row.body), PageRevision(row.page, row.page_seq or 0) if row.page else None


DELETE_ANSWER = """
    DELETE FROM answer WHERE tenant = :tenant AND id = :id AND anonymous
"""


async def delete_answer(uow: UnitOfWork, tenant: str, answer_id: UUID) -> None:
    """Delete an anonymous answer that was not published."""
    await uow.execute(DELETE_ANSWER, {"tenant": tenant, "id": answer_id})


LOCK_UNSENT = f"""
    SELECT a.tenant, {ANSWER_BODY} AS body
    FROM answer a
    WHERE a.anonymous AND a.state = 'saved' AND a.day < :before
    ORDER BY a.tenant, a.id
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
"""


async def lock_unsent(uow: UnitOfWork, before: date, limit: int) -> list[tuple[str, Answer]]:
    """Anonymous answers of earlier days that were saved while somebody wrote, and never sent."""
    rows = await uow.execute(LOCK_UNSENT, {"before": before, "limit": limit})
    return [(row.tenant, decode_answer(row.body)) for row in rows]


# The rows are written anew, in the order of the links, by one transaction: neither their place in the table
# nor the number of their transaction tells any more in which order the links were answered.
FORGET_CLAIMS = """
    WITH old AS (
        DELETE FROM answered_link WHERE claim IS NOT NULL AND day < :before
        RETURNING tenant, invitation_id
    )
    INSERT INTO answered_link (tenant, invitation_id)
    SELECT tenant, invitation_id FROM old ORDER BY tenant, invitation_id
"""


async def forget_claims(uow: UnitOfWork, before: date) -> None:
    """Keep of links that were answered before this day only that they were, and not when."""
    await uow.execute(FORGET_CLAIMS, {"before": before})
