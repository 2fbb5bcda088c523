"""What each person has chosen."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.db.database import UnitOfWork

FIND_RECIPIENTS = """
    SELECT s.tenant, s.id, s.address, s.role, s.segments, s.active, s.language, s.wants_mail,
        c.body AS choices
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
    JOIN staff s ON s.tenant = n.tenant AND s.id = n.id
    LEFT JOIN notice_choice c ON c.tenant = s.tenant AND c.staff_id = s.id
    WHERE s.active
"""


FIND_CHOICES = "SELECT body FROM notice_choice WHERE tenant = :tenant AND staff_id = :person"


async def find(uow: UnitOfWork, tenant: str, person: UUID) -> Any | None:
    """The body of a person's choices; None when they have chosen nothing."""
    found = await uow.execute(FIND_CHOICES, {"tenant": tenant, "person": person})
    return found.scalar_one_or_none()


WRITE_CHOICES = """
    INSERT INTO notice_choice AS c (tenant, staff_id, body, changed_at)
    VALUES (:tenant, :person, CAST(:body AS jsonb), :now)
    ON CONFLICT (tenant, staff_id) DO UPDATE SET body = EXCLUDED.body, changed_at = EXCLUDED.changed_at
"""


async def write(uow: UnitOfWork, tenant: str, person: UUID, body: str) -> None:
    """Replace the choices of a person."""
    await uow.execute(WRITE_CHOICES, {"tenant": tenant, "person": person, "body": body, "now": uow.now})


async def recipients(uow: UnitOfWork, persons: Sequence[tuple[str, UUID]]) -> list[Any]:
    """Those of these people who may sign in, with what they have chosen."""
    rows = await uow.execute(
        FIND_RECIPIENTS,
        {"tenants": [tenant for tenant, _ in persons], "ids": [person for _, person in persons]},
    )
    return list(rows)
