"""``team`` and ``absence``: who shares cases, and who is away."""

from uuid import UUID

import msgspec

from services.alerts.teams.domain import Absence, CaseTeam
from shared.db.database import UnitOfWork

WRITE_TEAM = """
    INSERT INTO team (tenant, id, body)
    VALUES (:tenant, :id, CAST(CAST(:body AS text) AS jsonb))
    ON CONFLICT (tenant, id) DO UPDATE SET body = EXCLUDED.body
"""


async def write_team(uow: UnitOfWork, tenant: str, key: UUID, team: CaseTeam) -> None:
    """Add or replace a team."""
    body = msgspec.json.encode(team).decode()
    await uow.execute(WRITE_TEAM, {"tenant": tenant, "id": key, "body": body})


FIND_TEAM_NAMES = """
    SELECT id, body ->> 'name' AS name FROM team
    WHERE tenant = :tenant
    ORDER BY lower(body ->> 'name'), id
"""


async def team_names(uow: UnitOfWork, tenant: str) -> dict[UUID, str]:
    """The teams of a company by id, sorted by name."""
    return {row.id: row.name for row in await uow.execute(FIND_TEAM_NAMES, {"tenant": tenant})}


DELETE_TEAM = """
    DELETE FROM team
    WHERE tenant = :tenant AND id = :id
    RETURNING id
"""


async def delete_team(uow: UnitOfWork, tenant: str, key: UUID) -> bool:
    """Delete a team; False if there is none."""
    return (await uow.execute(DELETE_TEAM, {"tenant": tenant, "id": key})).one_or_none() is not None


WRITE_ABSENCE = """
    INSERT INTO absence (tenant, staff_id, since, until, deputy_id)
    VALUES (:tenant, :person, :since, :until, :deputy)
    ON CONFLICT (tenant, staff_id) DO UPDATE
    SET since = EXCLUDED.since, until = EXCLUDED.until, deputy_id = EXCLUDED.deputy_id
"""


async def write_absence(uow: UnitOfWork, tenant: str, absence: Absence) -> None:
    """Add or replace the absence of a person."""
    await uow.execute(
        WRITE_ABSENCE,
        {
            "tenant": tenant,
            "person": absence.person,
            "since": absence.since,
            "until": absence.until,
            "deputy": absence.deputy,
        },
    )


DELETE_ABSENCE = """
    DELETE FROM absence
    WHERE tenant = :tenant AND staff_id = :person
    RETURNING staff_id
"""


async def delete_absence(uow: UnitOfWork, tenant: str, person: UUID) -> bool:
    """Delete the absence of a person; False if there is none."""
    found = await uow.execute(DELETE_ABSENCE, {"tenant": tenant, "person": person})
    return found.one_or_none() is not None


decode_team = msgspec.json.Decoder(CaseTeam).decode
