"""Customers whom a company knows, as it gives them."""

from collections.abc import Mapping

from support.audit import an_actor
from support.dispatcher_builders import TENANT
from support.http_clients import SECRET

from services.dispatcher.customers.customer_commands import keep_customers
from services.dispatcher.customers.reading import CustomerIn, ReadCustomer, checked
from shared.db.database import Database


async def know_customers(database: Database, customers: Mapping[str, dict[str, str]]) -> None:
    """Keep customers: the segments of each by their id."""
    given = [
        CustomerIn(id=id_, email=f"{id_}@example.com", segments=segments)
        for id_, segments in customers.items()
    ]
    await know_given(database, *given)


async def know_given(database: Database, *given: CustomerIn) -> None:
    """Keep customers as they are given, none of whom has a fault."""
    async with database.transaction() as uow:
        reads: list[ReadCustomer] = [checked(each) for each in given]
        await keep_customers(uow, SECRET, TENANT, reads, who=an_actor("Sara Lund"))
