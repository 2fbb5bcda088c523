"""``first_day``: how many places of each hour of a survey's first day are taken; one row for each survey."""

from collections.abc import Sequence
from uuid import UUID

from shared.db import UnitOfWork

# It writes the row as it is, so that it is locked, whoever has made it.
LOCK_COUNTS = """
    INSERT INTO first_day AS f (tenant, survey_id, counts) VALUES (:tenant, :survey_id, '{}')
    ON CONFLICT (tenant, survey_id) DO UPDATE SET counts = f.counts
    RETURNING counts
"""


async def lock_counts(uow: UnitOfWork, tenant: str, survey_id: UUID) -> tuple[int, ...]:
    """The places that are taken, by hour; until the transaction ends nobody else takes one."""
    rows = await uow.execute(LOCK_COUNTS, {"tenant": tenant, "survey_id": survey_id})
    return tuple(rows.scalar_one())


WRITE_COUNTS = """
    UPDATE first_day SET counts = CAST(:counts AS integer[]) WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def write_counts(uow: UnitOfWork, tenant: str, survey_id: UUID, counts: Sequence[int]) -> None:
    """Write the places over those of a row that is locked."""
    values = {"tenant": tenant, "survey_id": survey_id, "counts": list(counts)}
    await uow.execute(WRITE_COUNTS, values)
