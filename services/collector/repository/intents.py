"""The visits of each invitation's link."""

from uuid import UUID

import msgspec

from services.collector.visits import Intent
from shared.db.database import UnitOfWork

FIND_INTENT = """
    SELECT first_at, last_at, visits, score, CAST(seen AS text) AS seen, flag
    FROM intent
    WHERE tenant = :tenant AND invitation_id = :id
"""
PUT_INTENT = """
    INSERT INTO intent (tenant, invitation_id, first_at, last_at, visits, score, seen, flag)
    VALUES (:tenant, :id, :first_at, :last_at, :visits, :score, CAST(CAST(:seen AS text) AS jsonb), :flag)
    ON CONFLICT (tenant, invitation_id) DO UPDATE
    SET last_at = EXCLUDED.last_at, visits = EXCLUDED.visits, score = EXCLUDED.score, seen = EXCLUDED.seen,
        flag = EXCLUDED.flag
"""


async def find_intent(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Intent | None:
    """The visits of a link so far."""
    row = (await uow.execute(FIND_INTENT, {"tenant": tenant, "id": invitation_id})).one_or_none()
    if row is None:
        return None
    seen = msgspec.json.decode(row.seen, type=dict[str, float])
    return Intent(row.first_at, row.last_at, row.visits, row.score, seen, row.flag)


async def put_intent(uow: UnitOfWork, tenant: str, invitation_id: UUID, intent: Intent) -> None:
    """Write the visits of a link whose invitation is locked."""
    await uow.execute(
        PUT_INTENT,
        {
            "tenant": tenant,
            "id": invitation_id,
            "first_at": intent.first_at,
            "last_at": intent.last_at,
            "visits": intent.visits,
            "score": intent.score,
            "seen": msgspec.json.encode(dict(intent.seen)).decode(),
            "flag": intent.flag,
        },
    )
