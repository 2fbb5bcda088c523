"""``saved_filter``: each row is the person's own."""

from typing import Any
from uuid import UUID

from shared.db.database import UnitOfWork

FIND_SAVED_FILTERS = """
    SELECT id, name, CAST(body AS text) AS body FROM saved_filter
    WHERE tenant = :tenant AND staff_id = :person
    ORDER BY lower(name), id
"""


async def find_saved_filters(uow: UnitOfWork, tenant: str, person: UUID) -> list[Any]:
    """Those of a person, by name."""
    return list(await uow.execute(FIND_SAVED_FILTERS, {"tenant": tenant, "person": person}))


# The person's row keeps two requests of theirs from exceeding the limit together.
LOCK_PERSON = "SELECT 1 FROM staff WHERE tenant = :tenant AND id = :person FOR NO KEY UPDATE"
WRITE_SAVED_FILTER = """
    INSERT INTO saved_filter (tenant, staff_id, id, name, body, saved_at)
    VALUES (:tenant, :person, :id, :name, CAST(CAST(:body AS text) AS jsonb), :at)
    ON CONFLICT (tenant, staff_id, id) DO UPDATE SET name = EXCLUDED.name, body = EXCLUDED.body
"""


async def lock_person(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Let only one transaction at a time change what this person has saved."""
    await uow.execute(LOCK_PERSON, {"tenant": tenant, "person": person})


async def write_saved_filter(
    uow: UnitOfWork, tenant: str, person: UUID, key: UUID, name: str, body: str
) -> None:
    """Add or replace one."""
    values = {"tenant": tenant, "person": person, "id": key, "name": name, "body": body, "at": uow.now}
    await uow.execute(WRITE_SAVED_FILTER, values)


DELETE_SAVED_FILTER = """
    DELETE FROM saved_filter
    WHERE tenant = :tenant AND staff_id = :person AND id = :id
    RETURNING id
"""


async def delete_saved_filter(uow: UnitOfWork, tenant: str, person: UUID, key: UUID) -> bool:
    """Delete one; False if there is none."""
    found = await uow.execute(DELETE_SAVED_FILTER, {"tenant": tenant, "person": person, "id": key})
    return found.one_or_none() is not None
