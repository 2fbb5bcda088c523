"""Which cases have some words in an answer that the reader may read, or a number.

Words that very many answers have are met soon by whoever reads the cases in the order of the list, while
reading all their entries of the index takes long: so the first cases are read. Where these do not suffice,
words that few answers have are looked up in the index; of others more cases are read, as many as is done in a
moment.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.alerts.cases.repository.conditions import READABLE, CaseFilter
from services.alerts.cases.repository.lists import BEHIND_CURSOR, Cursor, Sort, order_of
from services.alerts.cases.words import search_query
from shared.db.database import UnitOfWork
from shared.http.numbers import MAX_INTEGER

MAX_FOUND = 500
"""Cases that one search finds."""
MAX_LOOKED_UP = 30_000
"""Answers with the words; with more of them the cases are read in their order instead."""
MAX_READ = 20_000
"""Cases that are read then."""
FIRST_READ = 2_000
"""Cases that are read before anything is looked up."""
MAX_NUMBER_DIGITS = 18


class Found(NamedTuple):
    """What a search has found."""

    cases: Sequence[UUID]
    """At most ``MAX_FOUND``: the first of the list."""
    complete: bool
    """Whether these are all."""


_READABLE = READABLE.replace("{}", "{{}}")
"""For statements that are formatted."""
# The planner is left no other way to the answers than the index of the words.
COUNT_ANSWERS = """
    WITH hits AS MATERIALIZED (SELECT 1 FROM case_answer WHERE words @@ CAST(:words AS tsquery))
    SELECT count(*) FROM (SELECT 1 FROM hits LIMIT :limit) counted
"""
LOOK_UP = f"""
    WITH hits AS MATERIALIZED (
        SELECT tenant, case_id, belongs FROM case_answer WHERE words @@ CAST(:words AS tsquery)
    ),
    named AS MATERIALIZED (
        SELECT ca.case_id AS id FROM hits ca JOIN cases c ON c.tenant = ca.tenant AND c.id = ca.case_id
        WHERE ca.tenant = :tenant AND {_READABLE}
        UNION
        SELECT id FROM cases WHERE tenant = :tenant AND number = CAST(:number AS bigint)
    ),
    matched AS MATERIALIZED (
        SELECT c.id, c.due_at, c.opened_at, c.closed_at
        FROM named JOIN cases c ON c.tenant = :tenant AND c.id = named.id
        WHERE {{where}}
    )
    SELECT c.id FROM matched c ORDER BY {{order}} LIMIT :limit
"""
# ``bool_or`` is no condition that the planner could begin with: the cases are read in their order.
READ_IN_ORDER = f"""
    SELECT c.id
    FROM (SELECT * FROM cases c WHERE {{where}} ORDER BY {{order}} LIMIT :read) c
    WHERE (
        SELECT bool_or(ca.words @@ CAST(:words AS tsquery) AND {_READABLE})
        FROM case_answer ca
        WHERE ca.tenant = c.tenant AND ca.case_id = c.id
    )
    ORDER BY {{order}}
    LIMIT :limit
"""


async def find_cases(
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, text: str, order: str, after: Cursor = None
) -> Found:
    """The cases that are wanted and have all these words in one answer, or this number, in this order.

    :param after: only cases behind this one, in the order of when they are due.
    """
    query = search_query(tenant, text)
    if query is None:
        return Found([], complete=True)
    where, values = wanted.condition(tenant, uow.now)
    if after is not None:
        where += f" AND {BEHIND_CURSOR}"
        values |= {"after_at": after[0], "after_id": after[1]}
    values |= {"words": query, "limit": MAX_FOUND + 1}
    number = number_of(text)
    if number is None:
        first = await _read_in_order(uow, where, order, values, FIRST_READ)
        if len(first) > MAX_FOUND:
            return Found(first[:MAX_FOUND], complete=False)
    counted = await uow.execute(COUNT_ANSWERS, {"words": query, "limit": MAX_LOOKED_UP + 1})
    if counted.scalar_one() <= MAX_LOOKED_UP:
        found = await uow.execute(LOOK_UP.format(where=where, order=order), values | {"number": number})
        cases = list(found.scalars())
        return Found(cases[:MAX_FOUND], complete=len(cases) <= MAX_FOUND)
    return Found((await _read_in_order(uow, where, order, values, MAX_READ))[:MAX_FOUND], complete=False)


async def _read_in_order(
    uow: UnitOfWork, where: str, order: str, values: Mapping[str, Any], cases: int
) -> list[UUID]:
    rows = await uow.execute(READ_IN_ORDER.format(where=where, order=order), {**values, "read": cases})
    return list(rows.scalars())


def search_order(wanted: CaseFilter, sort: Sort) -> str:
    """In which cases are found for a list; one by score is sorted later, of those that are due first."""
    return order_of(wanted, "due" if sort == "score" else sort)


def number_of(text: str) -> int | None:
    """The case number that the text is, if it is one."""
    plain = text.strip()
    if not plain.isascii() or not plain.isdigit() or len(plain) > MAX_NUMBER_DIGITS:
        return None
    number = int(plain)
    return number if number <= MAX_INTEGER else None


async def searched(
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, text: str, order: str, after: Cursor = None
) -> tuple[CaseFilter, bool]:
    """The filter with what is found by the text, where there is one; and whether that is all.

    :param order: as :func:`search_order` gives it, or that of when cases are due.
    """
    if not text.strip():
        return wanted, True
    found = await find_cases(uow, tenant, wanted, text, order, after)
    return msgspec.structs.replace(wanted, found=found.cases), found.complete
