"""``case_heard``: about whom a case is open."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.values import OpenCase
from shared.db import UnitOfWork
from shared.privacy.persons import NOBODY


def keys_of(contact: ContactKey) -> list[tuple[str, str]]:
    """The names by which a case may be about a contact: the person, and the address under any id."""
    names = (contact.person, contact.address)
    return [(contact.tenant, name) for name in names if name is not None and name != NOBODY]


FIND_OPEN = f"""
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:tenants AS text[]), CAST(:persons AS text[]), CAST(:contacts AS text[]),
            CAST(:several AS boolean[])
        ) AS u(tenant, person, contact, several)
    )
    SELECT n.tenant, n.person AS name, h.id, h.number FROM n
    JOIN case_heard h ON h.tenant = n.tenant AND h.person = n.person AND h.state <> 'closed'
    WHERE n.person <> '{NOBODY}' AND (NOT n.several OR h.contact_key IS NULL)
    UNION
    SELECT n.tenant, n.contact, h.id, h.number FROM n
    JOIN case_heard h ON h.tenant = n.tenant AND h.contact_key = n.contact AND h.state <> 'closed'
    ORDER BY number DESC
"""


async def find(uow: UnitOfWork, contacts: Sequence[ContactKey]) -> dict[tuple[str, str], OpenCase]:
    """By tenant and person, or hash of an address, of these contacts: the first open case about them."""
    if not contacts:
        return {}
    rows = await uow.execute(
        FIND_OPEN,
        {
            "tenants": [contact.tenant for contact in contacts],
            "persons": [contact.person for contact in contacts],
            "contacts": [contact.address for contact in contacts],
            "several": [contact.is_one_of_several for contact in contacts],
        },
    )
    return {(row.tenant, row.name): OpenCase(row.id, row.number) for row in rows}


UNTOUCHED = "h.first_contact_at IS NULL AND h.reopened_at IS NULL"
"""Whether nobody has reached the customer of an open case ``h``, and it is open for the first time."""
FIND_UNTOUCHED = f"""
    SELECT h.id FROM case_heard h
    WHERE (h.tenant, h.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
        AND {UNTOUCHED}
"""


async def find_untouched(uow: UnitOfWork, cases: Collection[tuple[str, UUID]]) -> set[UUID]:
    """Those of these cases, by tenant and id, whose customer nobody has reached."""
    tenants, ids = zip(*cases, strict=True)
    rows = await uow.execute(FIND_UNTOUCHED, {"tenants": list(tenants), "ids": list(ids)})
    return set(rows.scalars())


OPEN_CASE = f"""(
    SELECT h.id, h.number, {UNTOUCHED} AS untouched FROM case_heard h
    WHERE h.tenant = :tenant AND h.state <> 'closed' AND h.person = :person AND h.person <> '{NOBODY}'
        AND (p.ids_are_shared IS NOT TRUE OR h.contact_key IS NULL)
    UNION ALL
    SELECT h.id, h.number, {UNTOUCHED} FROM case_heard h
    WHERE h.tenant = :tenant AND h.state <> 'closed' AND h.contact_key = :address
    ORDER BY number LIMIT 1
)"""
"""The same of one contact, as a part of another statement in which ``p`` is the company's contact policy."""
