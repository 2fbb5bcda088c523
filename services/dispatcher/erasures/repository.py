"""``erasure`` (who asked for whom, and why), ``erasure_request`` and ``erasure_confirmation``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.erasures.domain import NameField
from services.dispatcher.models import erasure, erasure_confirmation, erasure_request
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


async def add(uow: UnitOfWork, new: NewErasure) -> bool:
    """Store an erasure; False if there is one of this target, or under this id.

    It waits for a transaction that stores the same one.
    """
    return (await insert(uow, erasure, [new])).rowcount == 1


class KeyedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with an idempotency key."""

    tenant: str
    id: UUID
    """Derived from the key."""
    fingerprint: str
    erasure_id: UUID
    """The erasure that it was answered with."""
    asked_at: datetime


async def bind_key(uow: UnitOfWork, request: KeyedRequest) -> bool:
    """Store what an idempotency key was used for; False if it was used already.

    It waits for a transaction that stores the same key.
    """
    return (await insert(uow, erasure_request, [request])).rowcount == 1


# Versions that do not have ``erasure_request`` store the request with the erasure that it made.
FIND_REQUEST = """
    SELECT r.fingerprint, r.erasure_id
    FROM erasure_request r
    JOIN erasure e ON e.tenant = r.tenant AND e.id = r.erasure_id
    WHERE r.tenant = :tenant AND r.id = :id
    UNION ALL
    SELECT e.fingerprint, e.id FROM erasure e WHERE e.tenant = :tenant AND e.id = :id
    LIMIT 1
"""


async def find_request(uow: UnitOfWork, tenant: str, request_id: UUID) -> Row[Any] | None:
    """What an idempotency key was used for, as long as its erasure is kept."""
    return (await uow.execute(FIND_REQUEST, {"tenant": tenant, "id": request_id})).one_or_none()


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
