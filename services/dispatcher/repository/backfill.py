"""``backfill``: how far the rows of earlier versions have been brought up to date."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.invitations.repository import COLUMNS
from shared.db import UnitOfWork

FIND_BACKFILL = """
    SELECT 1 FROM backfill WHERE name = ANY(CAST(:names AS text[])) LIMIT 1
"""


async def is_due(uow: UnitOfWork, names: Sequence[str]) -> bool:
    """Whether something of them is left to be done."""
    return (await uow.execute(FIND_BACKFILL, {"names": list(names)})).one_or_none() is not None


LOCK_BACKFILL = """
    SELECT tenant, id, customer FROM backfill WHERE name = :name FOR UPDATE SKIP LOCKED
"""


async def lock(uow: UnitOfWork, name: str) -> Row[Any] | None:
    """Lock the place that it has reached; None if another process holds it, or nothing is left."""
    return (await uow.execute(LOCK_BACKFILL, {"name": name})).one_or_none()


END_BACKFILL = """
    DELETE FROM backfill WHERE name = :name
"""
MOVE_BACKFILL = """
    UPDATE backfill SET tenant = :tenant, id = :id, customer = :customer WHERE name = :name
"""


async def move(uow: UnitOfWork, name: str, last: Row[Any] | None) -> None:
    """Store that it has reached this row, or its end."""
    if last is None:
        await uow.execute(END_BACKFILL, {"name": name})
    else:
        values = {"name": name, "tenant": last.tenant, "id": None, "customer": None}
        values |= {"customer": last.id} if isinstance(last.id, str) else {"id": last.id}
        await uow.execute(MOVE_BACKFILL, values)


LIST_INVITATIONS = f"""
    SELECT {COLUMNS} FROM invitation i
    WHERE CAST(:tenant AS text) IS NULL OR (i.tenant, i.id) > (:tenant, CAST(:id AS uuid))
    ORDER BY i.tenant, i.id
    LIMIT :limit
    FOR SHARE
"""


async def list_invitations(uow: UnitOfWork, place: Row[Any], limit: int) -> Sequence[Row[Any]]:
    """The next invitations, of all tenants, locked against change: no mail of theirs ends meanwhile."""
    rows = await uow.execute(LIST_INVITATIONS, {"tenant": place.tenant, "id": place.id, "limit": limit})
    return rows.all()


LIST_DECISIONS = """
    SELECT d.tenant, d.event_id AS id, d.person, d.customer_id, d.contact_key, d.difference, d.decided_at
    FROM decision d
    WHERE CAST(:tenant AS text) IS NULL OR (d.tenant, d.event_id) > (:tenant, CAST(:id AS uuid))
    ORDER BY d.tenant, d.event_id
    LIMIT :limit
"""


async def list_decisions(uow: UnitOfWork, place: Row[Any], limit: int) -> Sequence[Row[Any]]:
    """The next decisions, of all tenants."""
    rows = await uow.execute(LIST_DECISIONS, {"tenant": place.tenant, "id": place.id, "limit": limit})
    return rows.all()


LIST_CUSTOMERS = """
    SELECT c.tenant, c.id, c.person, c.id AS customer_id, c.address,
        greatest(c.invited_at, c.asked_elsewhere_at) AS asked_at
    FROM customer c
    WHERE CAST(:tenant AS text) IS NULL OR (c.tenant, c.id) > (:tenant, :customer)
    ORDER BY c.tenant, c.id
    LIMIT :limit
"""


async def list_customers(uow: UnitOfWork, place: Row[Any], limit: int) -> Sequence[Row[Any]]:
    """The next rows of ``customer``, of all tenants."""
    values = {"tenant": place.tenant, "customer": place.customer, "limit": limit}
    return (await uow.execute(LIST_CUSTOMERS, values)).all()


LIST_ASKED_ELSEWHERE = """
    SELECT c.tenant, c.id, c.asked_elsewhere_at FROM customer c
    WHERE c.asked_elsewhere_at IS NOT NULL
        AND (CAST(:tenant AS text) IS NULL OR (c.tenant, c.id) > (:tenant, :customer))
        AND NOT EXISTS (
            SELECT FROM asked a
            WHERE a.tenant = c.tenant AND a.contact = c.id AND a.elsewhere
                AND a.asked_at >= c.asked_elsewhere_at
        )
    ORDER BY c.tenant, c.id
    LIMIT :limit
    FOR SHARE
"""


async def list_asked_elsewhere(uow: UnitOfWork, place: Row[Any], limit: int) -> Sequence[Row[Any]]:
    """The next customers whom another system asked, of all tenants, where it is not stored what about."""
    values = {"tenant": place.tenant, "customer": place.customer, "limit": limit}
    return (await uow.execute(LIST_ASKED_ELSEWHERE, values)).all()


STORE_DIFFERENCE_PERSONS = """
    UPDATE decision d SET difference_person = n.person
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:event_ids AS uuid[]), CAST(:persons AS text[])
    ) AS n(tenant, event_id, person)
    WHERE d.tenant = n.tenant AND d.event_id = n.event_id
        AND d.difference IS NOT NULL AND d.difference_person IS NULL
"""


async def store_difference_persons(uow: UnitOfWork, persons: Mapping[tuple[str, UUID], str]) -> None:
    """Store whose the differences of these decisions are."""
    await uow.execute(
        STORE_DIFFERENCE_PERSONS,
        {
            "tenants": [tenant for tenant, _ in persons],
            "event_ids": [event_id for _, event_id in persons],
            "persons": list(persons.values()),
        },
    )
