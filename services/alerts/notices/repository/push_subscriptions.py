"""The browsers of colleagues that take push messages, each while the session lasts that made it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.db.database import UnitOfWork

_LIVE = """JOIN session e
        ON e.tenant = p.tenant AND e.id = p.session_id AND e.staff_id = p.staff_id AND e.expires_at > :now"""

# One browser has one address, whatever company is signed in: whoever switches it on last has it.
REMOVE_ADDRESS = "DELETE FROM push_subscription WHERE digest = :digest"
ADD_SUBSCRIPTION = """
    INSERT INTO push_subscription (tenant, id, staff_id, session_id, digest, sealed, device, created_at)
    VALUES (:tenant, :id, :person, :session, :digest, :sealed, :device, :now)
    ON CONFLICT DO NOTHING
"""


async def add(
    uow: UnitOfWork,
    tenant: str,
    subscription: UUID,
    *,
    person: UUID,
    session: UUID,
    digest: str,
    sealed: bytes,
    device: str,
) -> None:
    """Add the browser of this session, in place of what it had before."""
    await uow.execute(REMOVE_ADDRESS, {"digest": digest})
    values = {"tenant": tenant, "id": subscription, "person": person, "session": session}
    values |= {"digest": digest, "sealed": sealed, "device": device, "now": uow.now}
    await uow.execute(ADD_SUBSCRIPTION, values)


FIND_OF_PERSON = f"""
    SELECT p.id, p.device, p.created_at, p.taken_at, p.session_id
    FROM push_subscription p
    {_LIVE}
    WHERE p.tenant = :tenant AND p.staff_id = :person
    ORDER BY p.created_at DESC
"""


async def of_person(uow: UnitOfWork, tenant: str, person: UUID) -> list[Any]:
    """The browsers of a person, newest first, without their addresses."""
    return list(await uow.execute(FIND_OF_PERSON, {"tenant": tenant, "person": person, "now": uow.now}))


FIND_OF_PERSONS = f"""
    SELECT p.tenant, p.staff_id, p.id
    FROM unnest(CAST(:tenants AS text[]), CAST(:persons AS uuid[])) AS n (tenant, person)
    JOIN push_subscription p ON p.tenant = n.tenant AND p.staff_id = n.person
    {_LIVE}
    ORDER BY 1, 2, 3
"""


async def of_persons(
    uow: UnitOfWork, persons: Sequence[tuple[str, UUID]]
) -> dict[tuple[str, UUID], list[UUID]]:
    """The ids of the browsers of each of these people who have one."""
    rows = await uow.execute(
        FIND_OF_PERSONS,
        {
            "tenants": [tenant for tenant, _ in persons],
            "persons": [person for _, person in persons],
            "now": uow.now,
        },
    )
    found: dict[tuple[str, UUID], list[UUID]] = {}
    for row in rows:
        found.setdefault((row.tenant, row.staff_id), []).append(row.id)
    return found


FIND_SEALED = f"""
    SELECT p.sealed FROM push_subscription p
    {_LIVE}
    WHERE p.tenant = :tenant AND p.id = :id AND p.staff_id = :person
"""


async def find_sealed(uow: UnitOfWork, tenant: str, person: UUID, subscription: UUID) -> bytes | None:
    """The address and keys of a person's browser; None when it was removed, or its session is over."""
    values = {"tenant": tenant, "id": subscription, "person": person, "now": uow.now}
    found = await uow.execute(FIND_SEALED, values)
    return found.scalar_one_or_none()


SET_TAKEN = "UPDATE push_subscription SET taken_at = :now WHERE tenant = :tenant AND id = :id"


async def set_taken(uow: UnitOfWork, tenant: str, subscription: UUID) -> None:
    """Record that its push service took a message."""
    await uow.execute(SET_TAKEN, {"tenant": tenant, "id": subscription, "now": uow.now})


REMOVE = """
    DELETE FROM push_subscription WHERE tenant = :tenant AND id = :id AND staff_id = :person
    RETURNING id
"""


async def remove(uow: UnitOfWork, tenant: str, person: UUID, subscription: UUID) -> bool:
    """Remove a browser of a person; False when they have none of this id."""
    values = {"tenant": tenant, "id": subscription, "person": person}
    return (await uow.execute(REMOVE, values)).one_or_none() is not None


DELETE_WITHOUT_SESSION = """
    DELETE FROM push_subscription p
    WHERE NOT EXISTS (
        SELECT FROM session e
        JOIN staff s ON s.tenant = e.tenant AND s.id = e.staff_id AND s.active
        WHERE e.tenant = p.tenant AND e.id = p.session_id AND e.staff_id = p.staff_id AND e.expires_at > :now
    )
"""


async def delete_without_session(uow: UnitOfWork) -> None:
    """Delete the browsers of all tenants whose session is over, or whose person has left."""
    await uow.execute(DELETE_WITHOUT_SESSION, {"now": uow.now})
