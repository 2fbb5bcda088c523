"""``first_day``: when a survey's first day began, and how many places of each hour of it are taken.

One row for each survey; without ``began_at`` the day has not begun.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db import UnitOfWork

BEGAN = """(
        SELECT coalesce(b.began_at, CASE WHEN b.counts <> '{}' THEN s.first_live_at END)
        FROM first_day b WHERE b.tenant = s.tenant AND b.survey_id = s.id
    )"""
"""When the first day of the survey ``s`` began; NULL: it has not. A version before migration 0042 writes
places without it, and counts from when the survey could first ask customers.
"""


class Places(NamedTuple):
    """The places of a first day as they are stored."""

    counts: tuple[int, ...]
    """Of each hour, those that are taken."""
    began_at: datetime | None


# It writes the row as it is, so that it is locked, whoever has made it.
LOCK_PLACES = """
    INSERT INTO first_day AS f (tenant, survey_id, counts) VALUES (:tenant, :survey_id, '{}')
    ON CONFLICT (tenant, survey_id) DO UPDATE SET counts = f.counts
    RETURNING counts, began_at
"""


async def lock_places(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Places:
    """The places that are taken; until the transaction ends nobody else takes one."""
    row = (await uow.execute(LOCK_PLACES, {"tenant": tenant, "survey_id": survey_id})).one()
    return Places(tuple(row.counts), row.began_at)


WRITE_PLACES = """
    UPDATE first_day SET counts = CAST(:counts AS integer[]), began_at = :began_at
    WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def write_places(
    uow: UnitOfWork, tenant: str, survey_id: UUID, counts: Sequence[int], began_at: datetime | None
) -> None:
    """Write the places over those of a row that is locked."""
    values = {"tenant": tenant, "survey_id": survey_id, "counts": list(counts), "began_at": began_at}
    await uow.execute(WRITE_PLACES, values)
