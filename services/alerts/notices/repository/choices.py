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


async def recipients(uow: UnitOfWork, persons: Sequence[tuple[str, UUID]]) -> list[Any]:
    """Those of these people who may sign in, with what they have chosen."""
    rows = await uow.execute(
        FIND_RECIPIENTS,
        {"tenants": [tenant for tenant, _ in persons], "ids": [person for _, person in persons]},
    )
    return list(rows)
