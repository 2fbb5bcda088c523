"""Erase customers in one service's database, and search all of it for what is left of them."""

import re
from collections.abc import Sequence

from support.http_clients import SECRET

from shared.db.database import Database
from shared.events import CUSTOMERS, CustomerErased
from shared.privacy.backfill import fill_persons
from shared.privacy.erased import Target, find_waiting, keep_erased, store_done, target_id
from shared.privacy.persons import person_of
from shared.service import Service

COLUMNS = """
    SELECT c.table_name, c.column_name, c.data_type
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    ORDER BY 1, c.ordinal_position
"""
CHANCE = re.compile("[0-9a-f-]{1,7}", re.IGNORECASE)
"""A word as short as this, of the letters of an id (UUID) or of a keyed hash, is found in one by chance."""


async def note_erased(
    database: Database, tenant: str, customer_id: str, contact: str | None = None, *, secret: str = SECRET
) -> None:
    """Consume the event by which this customer is erased."""
    person = person_of(secret, tenant, customer_id)
    customer = CustomerErased(
        id=target_id(person, contact),
        version=1,
        erased_at=database.clock(),
        person=person,
        contact=contact,
    )
    async with database.transaction() as uow:
        await keep_erased(uow, [CUSTOMERS.event(tenant, customer, database.clock())])


async def erase_waiting(service: Service, database: Database, *, secret: str = SECRET) -> list[Target]:
    """Erase those whom the service has been told of; returns for whom something is under way."""
    data = service.personal_data
    assert data is not None
    async with database.transaction() as uow:
        while await fill_persons(uow, secret, data.tables, 100):
            pass
        waiting = await find_waiting(uow, ("", ""), 1_000)
        under_way = list(await data.erase(uow, waiting))
        await store_done(uow, [target for target in waiting if target not in under_way])
    return under_way


async def erase_customer(
    service: Service,
    database: Database,
    tenant: str,
    customer_id: str,
    contact: str | None = None,
    *,
    secret: str = SECRET,
) -> None:
    """Erase one customer, of whom nothing is under way."""
    await note_erased(database, tenant, customer_id, contact, secret=secret)
    assert await erase_waiting(service, database, secret=secret) == []


async def places_of(database: Database, words: Sequence[str], *, without: Sequence[str] = ()) -> set[str]:
    """Every column (``table.column``) of every table in which one of the words (ASCII) stands.

    :param without: tables that are not searched.
    """
    assert not (chance := [word for word in words if CHANCE.fullmatch(word)]), chance
    found = set()
    async with database.reading() as uow:
        for row in (await uow.execute(COLUMNS)).all():
            table, column = row.table_name, row.column_name
            if table in without:
                continue
            text = f"encode({column}, 'escape')" if row.data_type == "bytea" else f'CAST("{column}" AS text)'
            holding = await uow.execute(
                f'SELECT 1 FROM "{table}" WHERE {text} ILIKE ANY(CAST(:words AS text[])) LIMIT 1',
                {"words": [f"%{word}%" for word in words]},
            )
            if holding.one_or_none() is not None:
                found.add(f"{table}.{column}")
    return found
