"""``case_heard``: about whom a case is open."""

from collections.abc import Collection, Sequence

from services.dispatcher.decisions.contacts import ContactKey
from shared.db import UnitOfWork
from shared.privacy.persons import NOBODY


def keys_of(contact: ContactKey) -> list[tuple[str, str]]:
    """The names by which a case may be about a contact: the person, and the address under any id."""
    names = (contact.person, contact.address)
    return [(contact.tenant, name) for name in names if name is not None and name != NOBODY]


FIND_OPEN = f"""
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:names AS text[])) AS u(tenant, name)
        WHERE name <> '{NOBODY}'
    )
    SELECT n.tenant, n.name FROM n
    JOIN case_heard h ON h.tenant = n.tenant AND h.person = n.name AND h.state <> 'closed'
    UNION
    SELECT n.tenant, n.name FROM n
    JOIN case_heard h ON h.tenant = n.tenant AND h.contact_key = n.name AND h.state <> 'closed'
"""


async def find(uow: UnitOfWork, contacts: Sequence[ContactKey]) -> set[tuple[str, str]]:
    """Those (tenant, person or hash of an address) of these contacts about whom a case is open."""
    names: Collection[tuple[str, str]] = {name for contact in contacts for name in keys_of(contact)}
    if not names:
        return set()
    rows = await uow.execute(
        FIND_OPEN,
        {"tenants": [tenant for tenant, _ in names], "names": [name for _, name in names]},
    )
    return {(row.tenant, row.name) for row in rows}


HAS_OPEN_CASE = f"""(
    EXISTS (
        SELECT FROM case_heard h
        WHERE h.tenant = :tenant AND h.state <> 'closed' AND h.person = :person AND h.person <> '{NOBODY}'
    ) OR EXISTS (
        SELECT FROM case_heard h
        WHERE h.tenant = :tenant AND h.state <> 'closed' AND h.contact_key = :address
    )
)"""
"""The same of one contact, as a part of another statement."""
