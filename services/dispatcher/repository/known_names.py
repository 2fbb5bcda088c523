"""Under which names customers are known: ``known_customer``, and what has no row in it."""

from services.dispatcher.decisions.erased_names import CustomerNames
from services.dispatcher.erasures.domain import (
    MAX_CUSTOMERS_LISTED,
    CustomerSearch,
    ErasureScope,
    NamedCustomer,
)
from services.dispatcher.models import HAS_ANOTHER_FORM, ID_FORM
from shared.db import UnitOfWork
from shared.privacy.persons import NOBODY

# What has no row in ``known_customer``, as an id that is only suppressed, or what a version writes that keeps
# no names and still runs beside this one, is found by the id itself. Rows of nobody have an id that stands in
# for the one that was removed.
FIND_NAMED = f"""
    WITH of_id AS MATERIALIZED (
        SELECT unnest(CAST(:persons AS text[])) AS person
        UNION
        SELECT person FROM known_customer
        WHERE tenant = :tenant AND {HAS_ANOTHER_FORM} AND {ID_FORM} = :id_form
    ), meant AS MATERIALIZED (
        SELECT person FROM of_id
        UNION
        SELECT unnest(CAST(:without_id AS text[]))
        UNION
        SELECT person FROM known_customer WHERE tenant = :tenant AND contact = :contact AND contact <> ''
        UNION
        SELECT person FROM known_customer WHERE tenant = :tenant AND phone = :phone AND phone <> ''
    ), sent AS (
        SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:id_persons AS text[])) AS s(id, person)
    ), known AS (
        SELECT k.person, k.contact, k.phone, k.customer_id
        FROM known_customer k JOIN meant USING (person)
        WHERE k.tenant = :tenant
        UNION ALL
        SELECT s.person, coalesce(d.contact_key, ''), '', d.customer_id
        FROM decision d JOIN sent s ON s.id = d.customer_id
        WHERE d.tenant = :tenant AND d.person IS DISTINCT FROM '{NOBODY}'
        UNION ALL
        SELECT s.person, coalesce(c.address, ''), '', c.id
        FROM customer c JOIN sent s ON s.id = c.id
        WHERE c.tenant = :tenant AND c.person IS DISTINCT FROM '{NOBODY}'
        UNION ALL
        SELECT s.person, '', '', p.key
        FROM suppression p JOIN sent s ON s.id = p.key
        WHERE p.tenant = :tenant AND p.kind = 'customer'
    ), named AS (
        SELECT person, min(customer_id) AS customer_id,
            count(DISTINCT contact) FILTER (WHERE contact <> '') AS addresses,
            person IN (SELECT person FROM of_id) AS has_id,
            coalesce(bool_or(CAST(:contact AS text) IN (contact, customer_id)), false) AS has_contact,
            coalesce(bool_or(CAST(:phone AS text) IN (phone, customer_id)), false) AS has_phone,
            array_agg(DISTINCT contact)
                FILTER (WHERE CAST(:phone AS text) IN (phone, customer_id)) AS phone_contacts
        FROM known
        GROUP BY person
    )
    SELECT person, customer_id, addresses, has_id, has_contact,
        coalesce(phone_contacts, '{{}}') AS contacts_of_phone
    FROM named
    ORDER BY
        CAST(has_id AS integer) + CAST(has_contact AS integer) + CAST(has_phone AS integer) DESC,
        row_number() OVER (PARTITION BY has_id, has_contact, has_phone ORDER BY customer_id, person),
        person
    LIMIT :limit
"""


async def find_named(uow: UnitOfWork, tenant: str, search: CustomerSearch) -> list[NamedCustomer]:
    """All customers whom one of the names may mean: first those who have most of them, then by their ids."""
    values = {
        "tenant": tenant,
        "persons": list(search.persons),
        "without_id": list(search.without_id),
        "ids": list(search.ids),
        "id_persons": list(search.persons[: len(search.ids)]),
        "id_form": search.ids[-1] if search.ids else None,
        "contact": search.sought.contact,
        "phone": search.sought.phone,
        "limit": MAX_CUSTOMERS_LISTED,
    }
    return [NamedCustomer(**row) for row in (await uow.execute(FIND_NAMED, values)).mappings()]


LIST_HASHES = """
    SELECT k.contact, k.phone FROM known_customer k
    WHERE k.tenant = :tenant AND k.person = :person
        AND (CAST(:contact AS text) IS NULL OR k.contact IN ('', :contact))
    UNION
    SELECT d.contact_key, '' FROM decision d
    WHERE d.tenant = :tenant AND d.person = :person AND d.contact_key IS NOT NULL
        AND (CAST(:contact AS text) IS NULL OR d.contact_key = :contact)
"""


async def list_hashes(uow: UnitOfWork, tenant: str, scope: ErasureScope) -> set[str]:
    """The keyed hashes of the addresses and numbers of a person, or of a person under one address."""
    found = await uow.execute(LIST_HASHES, {"tenant": tenant, **scope._asdict()})
    return {name for row in found for name in row if name}


LIST_IDS = f"""
    SELECT customer_id FROM known_customer WHERE tenant = :tenant AND person = :person
    UNION
    SELECT customer_id FROM decision
    WHERE tenant = :tenant AND person = :person AND customer_id <> '{NOBODY}'
"""
LIST_INVITED = """
    SELECT DISTINCT c.name, c.email, c.phone
    FROM invitation i
    CROSS JOIN LATERAL CAST(convert_from(i.body, 'UTF8') AS jsonb) b
    CROSS JOIN LATERAL jsonb_to_record(b -> 'customer') AS c(name text, email text, phone text)
    WHERE i.tenant = :tenant AND i.person = :person
        AND (CAST(:contact AS text) IS NULL OR b ->> 'contact_key' IS NULL OR b ->> 'contact_key' = :contact)
    UNION
    SELECT NULL, p.email, p.phone FROM customer_profile p
    WHERE p.tenant = :tenant AND p.person = :person
        AND (CAST(:contact AS text) IS NULL OR p.contact = :contact)
"""


async def list_ids(uow: UnitOfWork, tenant: str, person: str) -> list[str]:
    """The ids of a person; of one without an id, the keyed hash that stands for it."""
    return list((await uow.execute(LIST_IDS, {"tenant": tenant, "person": person})).scalars())


async def list_names(uow: UnitOfWork, tenant: str, scope: ErasureScope) -> CustomerNames:
    """The ids, and what the invitations say of them, of a person, or of a person under one address."""
    values = {"tenant": tenant, **scope._asdict()}
    ids = await list_ids(uow, tenant, scope.person)
    invited = (await uow.execute(LIST_INVITED, values)).all()
    return CustomerNames(
        ids=ids,
        emails=[row.email for row in invited if row.email],
        phones=[row.phone for row in invited if row.phone],
        names=[row.name for row in invited if row.name],
    )


NAMES_INCOMPLETE = """
    SELECT 1 FROM backfill WHERE name LIKE 'known %' LIMIT 1
"""


async def knows_all_names(uow: UnitOfWork) -> bool:
    """Whether the names of all customers are known, also of those whom earlier versions stored."""
    return (await uow.execute(NAMES_INCOMPLETE)).one_or_none() is None
