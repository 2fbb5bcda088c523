"""``export_link``: the links by which customers read what is kept of them, until they end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.models import export_link
from shared.db import UnitOfWork
from shared.db.bulk import insert
from shared.privacy.export_links import ExportLink


class NewExportLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is to be stored."""

    tenant: str
    id: UUID
    person: str
    contact: str | None
    contacts: Sequence[str]
    who: str
    made_at: datetime
    expires_at: datetime


FIND_CONTACTS = """
    SELECT k.contact FROM known_customer k
    WHERE k.tenant = :tenant AND k.person = :person AND k.contact <> ''
    UNION
    SELECT d.contact_key FROM decision d
    WHERE d.tenant = :tenant AND d.person = :person AND d.contact_key IS NOT NULL
    UNION
    SELECT c.address FROM customer c
    WHERE c.tenant = :tenant AND c.person = :person AND c.address IS NOT NULL
"""


async def find_contacts(uow: UnitOfWork, tenant: str, person: str) -> set[str]:
    """The keyed hashes of all addresses under which a person came.

    Other services have them from invitations, which follow from decisions, and from imported answers, which
    come here as events: whoever reads them after the others were asked knows all but the newest imports.
    """
    found = await uow.execute(FIND_CONTACTS, {"tenant": tenant, "person": person})
    return set(found.scalars())


FIND_CONTACTS_BEFORE = """
    SELECT DISTINCT d.contact_key FROM decision d
    WHERE d.tenant = :tenant AND d.person = :person AND d.contact_key IS NOT NULL AND d.decided_at < :at
"""


async def find_contacts_before(uow: UnitOfWork, tenant: str, person: str, at: datetime) -> set[str]:
    """The same as of this time, as far as decisions tell."""
    found = await uow.execute(FIND_CONTACTS_BEFORE, {"tenant": tenant, "person": person, "at": at})
    return set(found.scalars())


async def add(uow: UnitOfWork, new: NewExportLink) -> bool:
    """Store a link; False if there is the same already, which may be withdrawn."""
    return (await insert(uow, export_link, [new])).rowcount == 1


FIND_LINK = """
    SELECT contacts, withdrawn_at FROM export_link WHERE tenant = :tenant AND id = :id
"""


async def find(uow: UnitOfWork, link: ExportLink) -> Row[Any] | None:
    """What is stored of a link; None: an earlier version made it."""
    found = await uow.execute(FIND_LINK, {"tenant": link.subject.tenant, "id": link.id})
    return found.one_or_none()


LIST_VALID = """
    SELECT id, person, contact, who, made_at, expires_at FROM export_link
    WHERE tenant = :tenant AND withdrawn_at IS NULL AND expires_at > :now
        AND (CAST(:person AS text) IS NULL OR person = :person)
        AND (made_at, id) < (
            coalesce(CAST(:at AS timestamptz), 'infinity'),
            coalesce(CAST(:id AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
    ORDER BY made_at DESC, id DESC
    LIMIT :limit
"""


async def list_valid(
    uow: UnitOfWork,
    tenant: str,
    *,
    person: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of the company's links that are still valid, newest first; ``person``: of this one only."""
    at, last = before or (None, None)
    values = {"tenant": tenant, "person": person, "at": at, "id": last, "limit": limit, "now": uow.now}
    return (await uow.execute(LIST_VALID, values)).all()


WITHDRAW = """
    UPDATE export_link SET withdrawn_at = :now
    WHERE tenant = :tenant AND id = :id AND withdrawn_at IS NULL AND expires_at > :now
    RETURNING person
"""


async def withdraw(uow: UnitOfWork, tenant: str, link_id: UUID) -> str | None:
    """End a link; returns whose it was, or None when there is none that is valid."""
    return (await uow.execute(WITHDRAW, {"tenant": tenant, "id": link_id, "now": uow.now})).scalar()


WITHDRAW_OF_PERSON = """
    UPDATE export_link SET withdrawn_at = :now
    WHERE tenant = :tenant AND person = :person AND made_at <= :until AND withdrawn_at IS NULL
"""


async def withdraw_of_person(uow: UnitOfWork, tenant: str, person: str, until: datetime) -> None:
    """End all links of a person that were made by then."""
    values = {"tenant": tenant, "person": person, "until": until, "now": uow.now}
    await uow.execute(WITHDRAW_OF_PERSON, values)


DELETE_ENDED = "DELETE FROM export_link WHERE expires_at < :now"


async def delete_ended(uow: UnitOfWork) -> None:
    """Delete the links of all tenants that have ended: their tokens are refused without a row."""
    await uow.execute(DELETE_ENDED, {"now": uow.now})
