"""Whom a scenario may erase, and the search for what is left of them, without the product's code."""

import re
from collections.abc import Collection

from chaos import topics
from chaos.ledger import Book
from chaos.stack import CONSUMING_SERVICES, Stack

from shared.events import TOPICS
from shared.privacy.erased import CONFIRMING_SERVICES

TEXT_COLUMNS = """
    SELECT c.table_name AS table, c.column_name AS column, c.data_type AS type
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
"""
CUSTOMERS_ASKED = """
    SELECT id, substring(customer_id FROM '^c-([0-9]+)$')::int AS number FROM invitation
    WHERE tenant = $1 AND customer_id ~ '^c-[0-9]+$'
"""


COUNT_ERASED = "SELECT count(*) FROM erased WHERE tenant = $1 AND done_at IS NOT NULL"


async def unfinished_services(stack: Stack, tenant: str, erased: int) -> list[str]:
    """The services that have not yet erased so many customers."""
    unfinished = []
    for service in CONFIRMING_SERVICES:
        async with stack.connection(service) as database:
            if await database.fetchval(COUNT_ERASED, tenant) < erased:
                unfinished.append(service)
    return unfinished


async def finished_customers(stack: Stack, tenant: str, book: Book) -> set[int]:
    """The numbers of those who have answered for the last time, and whose cases are there.

    An erased customer's link has ended, and an answer that comes erased opens no case.
    """
    async with stack.connection("dispatcher") as database:
        asked = {row["id"]: row["number"] for row in await database.fetch(CUSTOMERS_ASKED, tenant)}
    async with stack.connection("alerts") as database:
        opened = await database.fetch("SELECT answer_id FROM cases WHERE tenant = $1", tenant)
    async with stack.connection("scorer") as database:
        scored = await database.fetch("SELECT id FROM answer WHERE tenant = $1 AND score IS NOT NULL", tenant)
    with_case, counted = {row["answer_id"] for row in opened}, {row["id"] for row in scored}
    return {
        asked[id_]
        for id_, answer in book.answers.items()
        if answer.acknowledged
        and id_ in asked
        and id_ in counted
        and (answer.opens_a_case is False or id_ in with_case)
    }


def names_of(tenant: str, numbers: Collection[int]) -> re.Pattern[str]:
    """What finds the address or, in a text of this tenant, the id of any of these customers."""
    either = "|".join(str(number) for number in sorted(numbers)) or "nobody"
    return re.compile(rf"(?<![0-9a-z])c({either})\.{re.escape(tenant)}@|(?<![0-9a-z-])c-({either})(?![0-9])")


async def places_of(stack: Stack, tenant: str, numbers: Collection[int]) -> set[str]:
    """Every column, every topic after its compaction and every log in which one of the customers is left."""
    named, found = names_of(tenant, numbers), set()
    for service in CONSUMING_SERVICES:
        found |= {f"{service}.{place}" for place in await _columns(stack, service, tenant, named)}
    return found | await _topics(stack, tenant, named) | _logs(stack, tenant, numbers)


async def _columns(stack: Stack, service: str, tenant: str, named: re.Pattern[str]) -> set[str]:
    found = set()
    async with stack.connection(service) as database:
        columns = await database.fetch(TEXT_COLUMNS)
        of_tenants = {row["table"] for row in columns if row["column"] == "tenant"}
        for row in columns:
            table, column = row["table"], row["column"]
            value = f"encode({column}, 'escape')" if row["type"] == "bytea" else f'CAST("{column}" AS text)'
            mine = "tenant = $1" if table in of_tenants else f"{value} LIKE '%' || $1 || '%'"
            texts = await database.fetch(f'SELECT {value} AS text FROM "{table}" WHERE {mine}', tenant)
            if any(row["text"] and named.search(row["text"]) for row in texts):
                found.add(f"{table}.{column}")
    return found


async def _topics(stack: Stack, tenant: str, named: re.Pattern[str]) -> set[str]:
    """Of each key the broker keeps the last record."""
    names = [*(topic.name for topic in TOPICS), *topics.DEAD_LETTER_TOPICS]
    last = {
        (record.topic, record.key): record.value or b""
        for record in await topics.records(stack.kafka, names, {})
    }
    return {
        topic
        for (topic, key), value in last.items()
        if tenant.encode() in (key or b"") and named.search(value.decode(errors="replace"))
    }


def _logs(stack: Stack, tenant: str, numbers: Collection[int]) -> set[str]:
    """Addresses only: an id alone is of no tenant."""
    addresses = {f"c{number}.{tenant}@" for number in numbers}
    ours = (file for file in stack.state.logs.glob("*.log*") if file.name.partition(".")[0] not in SERVERS)
    return {file.name for file in ours if any(each in file.read_text(errors="replace") for each in addresses)}


SERVERS = {"kafka", "postgres", "mailbox"}
