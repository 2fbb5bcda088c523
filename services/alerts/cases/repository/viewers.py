"""``case_viewer``: who has a case open at the moment."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.alerts.cases.repository.conditions import VISIBLE
from shared.db.database import UnitOfWork

CASE_IS_VISIBLE = f"SELECT 1 FROM cases c WHERE c.tenant = :tenant AND c.id = :case AND {VISIBLE}"


async def case_is_visible(uow: UnitOfWork, tenant: str, case: UUID, segments: Sequence[str]) -> bool:
    """Whether there is such a case for a reader who is limited to these segments (none: to nothing)."""
    values = {"tenant": tenant, "case": case, "segments": list(segments)}
    return (await uow.execute(CASE_IS_VISIBLE, values)).first() is not None


# What a browser left behind that ended without a word goes the next time that its person opens a case.
WRITE_VIEWER = """
    WITH ended AS (
        DELETE FROM case_viewer
        WHERE tenant = :tenant AND staff_id = :person AND case_id <> :case AND seen_at < :since
    )
    INSERT INTO case_viewer (tenant, case_id, staff_id, seen_at)
    VALUES (:tenant, :case, :person, :now)
    ON CONFLICT (tenant, case_id, staff_id) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""


async def write_viewer(uow: UnitOfWork, tenant: str, case: UUID, person: UUID, within: timedelta) -> None:
    """Note that somebody has the case open now.

    :param within: so long a page that says nothing more counts as open.
    """
    values = {"tenant": tenant, "case": case, "person": person, "now": uow.now, "since": uow.now - within}
    await uow.execute(WRITE_VIEWER, values)


DELETE_VIEWER = """
    DELETE FROM case_viewer
    WHERE tenant = :tenant AND case_id = :case AND staff_id = :person
"""


async def delete_viewer(uow: UnitOfWork, tenant: str, case: UUID, person: UUID) -> None:
    """Note that somebody has left the case."""
    await uow.execute(DELETE_VIEWER, {"tenant": tenant, "case": case, "person": person})


FIND_OTHER_VIEWERS = """
    SELECT s.name
    FROM case_viewer v
    JOIN staff s ON s.tenant = v.tenant AND s.id = v.staff_id
    WHERE v.tenant = :tenant AND v.case_id = :case AND v.staff_id <> :person AND v.seen_at >= :since
    ORDER BY lower(s.name), s.id
"""


async def other_viewers(
    uow: UnitOfWork, tenant: str, case: UUID, person: UUID, within: timedelta
) -> list[str]:
    """The names of the others who have it open, in order of the alphabet."""
    values = {"tenant": tenant, "case": case, "person": person, "since": uow.now - within}
    return [row.name for row in await uow.execute(FIND_OTHER_VIEWERS, values)]
