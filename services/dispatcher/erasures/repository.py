"""``erasure`` (who asked for whom, and why) and ``erasure_confirmation`` (which services have done it)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.erasures.domain import MAX_CUSTOMERS_LISTED, NamedCustomer, NameField, Sought
from services.dispatcher.models import erasure, erasure_confirmation
from shared.db import UnitOfWork
from shared.db.bulk import insert
from shared.events import ErasureConfirmed, Event


class NewErasure(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure that is to be stored."""

    tenant: str
    id: UUID
    target: str
    person: str
    contact: str | None
    who: str
    reason: str | None
    asked_for: Sequence[NameField]
    names: Sequence[str]
    fingerprint: str
    asked_at: datetime


# What has no row in ``known_customer``, as an id that is only suppressed, or what a version writes that keeps
# no names and still runs beside this one, is found by the id itself.
FIND_NAMED = """
    WITH meant AS MATERIALIZED (
        SELECT CAST(:person AS text) AS person
        UNION
        SELECT person FROM known_customer WHERE tenant = :tenant AND contact = :contact AND contact <> ''
        UNION
        SELECT person FROM known_customer WHERE tenant = :tenant AND phone = :phone AND phone <> ''
    ), known AS (
        SELECT k.person, k.contact, k.phone, k.customer_id
        FROM known_customer k JOIN meant USING (person)
        WHERE k.tenant = :tenant
        UNION ALL
        SELECT CAST(:person AS text), coalesce(d.contact_key, ''), '', d.customer_id
        FROM decision d WHERE d.tenant = :tenant AND d.customer_id = :customer_id
        UNION ALL
        SELECT CAST(:person AS text), coalesce(c.address, ''), '', c.id
        FROM customer c WHERE c.tenant = :tenant AND c.id = :customer_id
        UNION ALL
        SELECT CAST(:person AS text), '', '', s.key
        FROM suppression s WHERE s.tenant = :tenant AND s.kind = 'customer' AND s.key = :customer_id
    )
    SELECT person, min(customer_id) AS customer_id,
        count(DISTINCT contact) FILTER (WHERE contact <> '') AS addresses,
        coalesce(bool_or(contact = :contact), false) AS has_contact,
        coalesce(array_agg(DISTINCT contact) FILTER (WHERE phone = :phone), '{}') AS contacts_of_phone
    FROM known
    GROUP BY person
    ORDER BY 2, 1
    LIMIT :limit
"""


async def find_named(
    uow: UnitOfWork, tenant: str, sought: Sought, customer_id: str | None
) -> list[NamedCustomer]:
    """All customers whom one of the names may mean, by their ids; ``customer_id``: as it was given."""
    values = {"tenant": tenant, **sought._asdict(), "customer_id": customer_id, "limit": MAX_CUSTOMERS_LISTED}
    return [NamedCustomer._make(row) for row in await uow.execute(FIND_NAMED, values)]


LIST_NAMES = """
    SELECT k.contact, k.phone FROM known_customer k
    WHERE k.tenant = :tenant AND k.person = :person
        AND (CAST(:contact AS text) IS NULL OR k.contact IN ('', :contact))
    UNION
    SELECT d.contact_key, '' FROM decision d
    WHERE d.tenant = :tenant AND d.person = :person AND d.contact_key IS NOT NULL
        AND (CAST(:contact AS text) IS NULL OR d.contact_key = :contact)
"""


async def list_names(uow: UnitOfWork, tenant: str, person: str, contact: str | None) -> set[str]:
    """The keyed hashes of the addresses and numbers of a person, or of a person under one address."""
    found = await uow.execute(LIST_NAMES, {"tenant": tenant, "person": person, "contact": contact})
    return {name for row in found for name in row if name}


async def add(uow: UnitOfWork, new: NewErasure) -> bool:
    """Store an erasure; False if there is one of this target, or under this id.

    It waits for a transaction that stores the same one.
    """
    return (await insert(uow, erasure, [new])).rowcount == 1


_COLUMNS = """
    e.id, e.target, e.person, e.contact, e.who, e.reason, e.asked_for, e.fingerprint, e.asked_at,
    ARRAY(
        SELECT c.service FROM erasure_confirmation c WHERE c.tenant = e.tenant AND c.target = e.target
    ) AS confirmed
"""
FIND_ERASURE = f"""
    SELECT {_COLUMNS} FROM erasure e WHERE e.tenant = :tenant AND e.id = :id
"""


async def find(uow: UnitOfWork, tenant: str, erasure_id: UUID) -> Row[Any] | None:
    """One erasure, with the services that have confirmed it."""
    return (await uow.execute(FIND_ERASURE, {"tenant": tenant, "id": erasure_id})).one_or_none()


FIND_BY_TARGET = f"""
    SELECT {_COLUMNS} FROM erasure e
    WHERE e.tenant = :tenant AND e.target = ANY(CAST(:targets AS text[]))
    ORDER BY e.asked_at, e.id LIMIT 1
"""


async def find_by_target(uow: UnitOfWork, tenant: str, targets: Sequence[str]) -> Row[Any] | None:
    """The first erasure of one of these targets."""
    found = await uow.execute(FIND_BY_TARGET, {"tenant": tenant, "targets": list(targets)})
    return found.one_or_none()


FIND_BY_NAMES = f"""
    SELECT {_COLUMNS} FROM erasure e
    WHERE e.tenant = :tenant AND e.names @> CAST(:names AS text[])
    ORDER BY e.asked_at, e.id LIMIT 1
"""


async def find_by_names(uow: UnitOfWork, tenant: str, names: Sequence[str]) -> Row[Any] | None:
    """The first erasure of a customer who had all these names: nothing else is known of them any more."""
    found = await uow.execute(FIND_BY_NAMES, {"tenant": tenant, "names": list(names)})
    return found.one_or_none()


LIST_ERASURES = f"""
    SELECT {_COLUMNS} FROM erasure e
    WHERE e.tenant = :tenant AND (e.asked_at, e.id) < (
        coalesce(CAST(:at AS timestamptz), 'infinity'),
        coalesce(CAST(:id AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
    ORDER BY e.asked_at DESC, e.id DESC
    LIMIT :limit
"""


async def list_page(
    uow: UnitOfWork, tenant: str, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Any]]:
    """A page of a company's erasures, newest first."""
    at, last = before or (None, None)
    return (await uow.execute(LIST_ERASURES, {"tenant": tenant, "at": at, "id": last, "limit": limit})).all()


async def keep_confirmations(uow: UnitOfWork, events: Sequence[Event[ErasureConfirmed]]) -> None:
    """Store which services have erased which customers; the first confirmation counts."""
    await insert(
        uow,
        erasure_confirmation,
        [event.data for event in events],
        tenant=[event.tenant for event in events],
        target=[event.data.id for event in events],
        kept_at=uow.now,
    )


NAMES_INCOMPLETE = """
    SELECT 1 FROM backfill WHERE name LIKE 'known %' LIMIT 1
"""


async def knows_all_names(uow: UnitOfWork) -> bool:
    """Whether the names of all customers are known, also of those whom earlier versions stored."""
    return (await uow.execute(NAMES_INCOMPLETE)).one_or_none() is None
