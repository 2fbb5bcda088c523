"""The addresses of erased customers: nobody is asked under them any more; and who else is known under them.

What is stored of them are keyed hashes alone.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.erasures.domain import MAX_CUSTOMERS_LISTED, ErasureScope
from shared.db import UnitOfWork


class OtherCustomer(NamedTuple):
    """A customer who is not erased, and is known under an address of one who is."""

    person: str
    customer_id: str
    """Of purchases without an id, the keyed hash of the address that stands for it."""
    without_id: bool


IS_ERASED = """
    EXISTS (
        SELECT FROM erased x
        WHERE x.tenant = k.tenant AND x.person = k.person AND (x.contact IS NULL OR x.contact = k.contact)
    )
"""
# A purchase without an id is by whoever has the address: it does not keep the address from being suppressed.
FIND_ADDRESSES = f"""
    SELECT a.name
    FROM (
        SELECT contact AS name, contact FROM known_customer
        WHERE tenant = :tenant AND person = :person AND contact <> ''
        UNION
        SELECT phone, contact FROM known_customer
        WHERE tenant = :tenant AND person = :person AND phone <> ''
        UNION
        SELECT contact_key, contact_key FROM decision
        WHERE tenant = :tenant AND person = :person AND contact_key IS NOT NULL
    ) AS a
    WHERE (CAST(:contact AS text) IS NULL OR a.contact = :contact) AND NOT EXISTS (
        SELECT FROM known_customer k
        WHERE k.tenant = :tenant AND k.contact = a.name AND k.contact <> ''
            AND k.person <> :person AND k.customer_id <> k.contact AND NOT {IS_ERASED}
    ) AND NOT EXISTS (
        SELECT FROM known_customer k
        WHERE k.tenant = :tenant AND k.phone = a.name AND k.phone <> ''
            AND k.person <> :person AND k.customer_id <> k.phone AND NOT {IS_ERASED}
    )
    UNION
    SELECT CAST(:named AS text) WHERE CAST(:named AS text) IS NOT NULL
    ORDER BY 1
"""


async def find_addresses(
    uow: UnitOfWork, tenant: str, scope: ErasureScope, named: str | None
) -> tuple[str, ...]:
    """The addresses and numbers under which nobody is asked any more once the customer is erased.

    One that another customer came under, too, is among them only if it is ``named`` in the request.
    """
    values = {"tenant": tenant, "person": scope.person, "contact": scope.contact, "named": named}
    return tuple((await uow.execute(FIND_ADDRESSES, values)).scalars())


FIND_OTHERS = f"""
    SELECT e.id, o.person, o.customer_id, o.without_id
    FROM erasure e
    CROSS JOIN LATERAL (
        SELECT DISTINCT k.person, k.customer_id, k.customer_id = k.contact AS without_id
        FROM known_customer k
        WHERE k.tenant = e.tenant AND k.contact = ANY(e.names) AND k.contact <> '' AND NOT {IS_ERASED}
        ORDER BY 2, 1
        LIMIT :limit
    ) AS o
    WHERE e.tenant = :tenant AND e.id = ANY(CAST(:ids AS uuid[]))
    ORDER BY e.id, o.customer_id, o.person
"""


async def find_others(
    uow: UnitOfWork, tenant: str, erasures: Sequence[UUID]
) -> dict[UUID, list[OtherCustomer]]:
    """Who else is known under the addresses of these erasures, each of which may have none."""
    values = {"tenant": tenant, "ids": list(erasures), "limit": MAX_CUSTOMERS_LISTED}
    found: dict[UUID, list[OtherCustomer]] = {erasure: [] for erasure in erasures}
    for row in await uow.execute(FIND_OTHERS, values):
        found[row.id].append(OtherCustomer(row.person, row.customer_id, row.without_id))
    return found


FIND_ID = """
    SELECT min(customer_id) FROM known_customer WHERE tenant = :tenant AND person = :person
"""


async def find_customer_id(uow: UnitOfWork, tenant: str, person: str) -> str:
    """The id of a customer who is known by this pseudonym; empty where none is."""
    return (await uow.execute(FIND_ID, {"tenant": tenant, "person": person})).scalar_one() or ""
