"""Lists of cases, and one case, as pages and programs read them.

A reader limited to segments gets of each case only the answers of their own segments.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.repository.cases import COLUMNS
from services.alerts.cases.repository.conditions import READABLE, VISIBLE, CaseFilter
from shared.db.database import UnitOfWork

Sort = Literal["due", "score", "new"]
BY_DUE_TIME = "c.due_at, c.id"
_ORDERS: dict[Sort, str] = {
    "due": BY_DUE_TIME,
    "score": "readable.scores[1], c.due_at, c.id",
    "new": "c.opened_at DESC, c.id",
}
_CLOSED_ORDER = "c.closed_at DESC, c.id DESC"
Cursor = tuple[datetime, UUID] | None
"""When the last case before was due, and its id."""
MAX_COUNTED = 10_000
"""Cases beyond this many are not counted: a page says that there are more."""
MAX_CUSTOMER_CASES = 20

_HEADING_FIRST = "ORDER BY a.id <> c.answer_id, a.answered_at, a.id"
SELECT_CASES = f"""
    SELECT
        {COLUMNS},
        s.name AS owner_name,
        readable.bodies, readable.scores, readable.first_scores, readable.writing,
        (
            SELECT count(*) FROM case_answer ca WHERE ca.tenant = c.tenant AND ca.case_id = c.id
        ) AS answers_in_all,
        closing.answers AS closing_answers
    FROM cases c
    CROSS JOIN LATERAL (
        SELECT
            array_agg(a.body {_HEADING_FIRST}) AS bodies,
            array_agg(a.score {_HEADING_FIRST}) AS scores,
            array_agg(a.first_score {_HEADING_FIRST}) AS first_scores,
            coalesce(bool_or(q.due_at IS NOT NULL), false) AS writing
        FROM case_answer ca
        JOIN answer a ON a.tenant = ca.tenant AND a.id = ca.answer_id
        LEFT JOIN clock q
            ON q.tenant = ca.tenant AND q.kind = '{QUIET_DEADLINE}' AND q.about_id = ca.answer_id
        WHERE ca.tenant = c.tenant AND ca.case_id = c.id AND {READABLE}
    ) readable
    LEFT JOIN staff s ON s.tenant = c.tenant AND s.id = c.owner_id
    LEFT JOIN timeline closing
        ON closing.tenant = c.tenant AND closing.case_id = c.id
        AND closing.seq = c.decided_version AND closing.kind = 'closed'
    WHERE readable.bodies IS NOT NULL
"""
"""Cases with their owner's name, and of those of their answers that the reader may read: the bodies, the
scores and the first scores (the answer that opened the case first, then from the oldest on), and whether any
of them is still being written (by its deadline, not by ``writing_until``).
"""


def order_of(wanted: CaseFilter, sort: Sort) -> str:
    """The order of a list: closed cases by when they were closed, the last first."""
    return _CLOSED_ORDER if wanted.state == "closed" else _ORDERS[sort]


def _with_found(wanted: CaseFilter, offset: int, limit: int) -> CaseFilter:
    """The filter with so many of the cases that a search has found, in the order in which it found them."""
    return msgspec.structs.replace(wanted, found=(wanted.found or ())[offset : offset + limit])


async def list_cases(
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, *, sort: Sort = "due", limit: int, offset: int = 0
) -> list[Any]:
    """The rows of ``SELECT_CASES`` that are wanted, in the order of :func:`order_of`.

    What a search has found must be in that order.
    """
    if wanted.found is not None and sort != "score":
        # They are in this order already, and what is shown of a case is read of those alone that are shown.
        wanted, offset = _with_found(wanted, offset, limit), 0
    where, values = wanted.condition(tenant, uow.now)
    order = order_of(wanted, sort)
    rows = await uow.execute(
        f"{SELECT_CASES} AND {where} ORDER BY {order} LIMIT :limit OFFSET :offset",
        {**values, "limit": limit, "offset": offset},
    )
    return list(rows)


COUNT_CASES = """
    SELECT count(*) AS found, count(*) FILTER (WHERE state <> 'closed' AND due_at < :at) AS late
    FROM (SELECT c.state, c.due_at FROM cases c WHERE {where} LIMIT :limit) counted
"""


async def count_cases(uow: UnitOfWork, tenant: str, wanted: CaseFilter) -> Any:
    """How many cases are wanted, and how many of them are late; at most ``MAX_COUNTED`` are counted."""
    where, values = wanted.condition(tenant, uow.now)
    found = await uow.execute(
        COUNT_CASES.format(where=where), {**values, "at": uow.now, "limit": MAX_COUNTED}
    )
    return found.one()


BEHIND_CURSOR = "(c.due_at, c.id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))"


async def page_of_cases(
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, *, after: Cursor, limit: int
) -> list[Any]:
    """The next cases by due time and id: no page misses or repeats one while others are added."""
    if wanted.found is not None:
        wanted = _with_found(wanted, 0, limit)
    where, values = wanted.condition(tenant, uow.now)
    if after is not None:
        where += f" AND {BEHIND_CURSOR}"
        values |= {"after_at": after[0], "after_id": after[1]}
    rows = await uow.execute(
        f"{SELECT_CASES} AND {where} ORDER BY {BY_DUE_TIME} LIMIT :limit", {**values, "limit": limit}
    )
    return list(rows)


SELECT_CASE = f"{SELECT_CASES} AND c.tenant = :tenant AND c.id = :id"


async def one_case(uow: UnitOfWork, tenant: str, case: UUID, segments: Sequence[str]) -> Any | None:
    """A row of ``SELECT_CASES``, if this reader may see the case."""
    found = await uow.execute(SELECT_CASE, {"tenant": tenant, "id": case, "segments": list(segments)})
    return found.one_or_none()


SELECT_CASES_OF_CUSTOMER = f"""
    {SELECT_CASES} AND c.tenant = :tenant AND c.customer_id = :customer AND c.id <> :except
    ORDER BY c.opened_at DESC
    LIMIT :limit
"""


async def other_cases_of_customer(
    uow: UnitOfWork, tenant: str, customer: str, case: UUID, segments: Sequence[str]
) -> list[Any]:
    """Rows of ``SELECT_CASES``: those under this customer id beside a case, newest first."""
    rows = await uow.execute(
        SELECT_CASES_OF_CUSTOMER,
        {
            "tenant": tenant,
            "customer": customer,
            "except": case,
            "segments": list(segments),
            "limit": MAX_CUSTOMER_CASES,
        },
    )
    return list(rows)


LIST_IDS = "SELECT c.id FROM cases c WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset"


async def next_in_list(
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, case: UUID, *, sort: Sort, limit: int, offset: int
) -> UUID | None:
    """The case behind this one on a page of a list; else the first other one there."""
    if sort == "score":  # of the answers that the reader may read
        rows = await list_cases(uow, tenant, wanted, sort=sort, limit=limit, offset=offset)
        ids: list[UUID] = [row.id for row in rows]
    else:
        if wanted.found is not None:
            wanted, offset = _with_found(wanted, offset, limit), 0
        where, values = wanted.condition(tenant, uow.now)
        values |= {"limit": limit, "offset": offset}
        statement = LIST_IDS.format(where=where, order=order_of(wanted, sort))
        ids = list((await uow.execute(statement, values)).scalars())
    behind = ids[ids.index(case) + 1 :] if case in ids else []
    return next((one for one in (*behind, *ids) if one != case), None)


FIND_NUMBERS = f"""
    SELECT c.id, c.number FROM cases c
    WHERE c.tenant = :tenant AND c.id = ANY(CAST(:ids AS uuid[])) AND {VISIBLE}
"""


async def numbers_of(
    uow: UnitOfWork, tenant: str, ids: Sequence[UUID], segments: Sequence[str]
) -> dict[UUID, int]:
    """What people call these cases, of those that this reader may see."""
    values = {"tenant": tenant, "ids": list(ids), "segments": list(segments)}
    return {row.id: row.number for row in await uow.execute(FIND_NUMBERS, values)}


FIND_NUMBER = f"""
    SELECT c.id FROM cases c
    WHERE c.tenant = :tenant AND c.number = :number AND {VISIBLE}
"""


async def case_of_number(uow: UnitOfWork, tenant: str, number: int, segments: Sequence[str]) -> UUID | None:
    """The case that people call by this number, if this reader may see it."""
    found = await uow.execute(FIND_NUMBER, {"tenant": tenant, "number": number, "segments": list(segments)})
    case: UUID | None = found.scalar_one_or_none()
    return case
