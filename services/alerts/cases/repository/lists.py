"""What pages and lists read of cases.

A reader limited to segments gets of each case only the answers of their own segments.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts.cases.repository.cases import COLUMNS
from shared.db.database import UnitOfWork
from shared.events.segments import decoded, encoded

Sort = Literal["due", "score", "new"]
_ORDERS: dict[Sort, str] = {
    "due": "c.due_at, c.id",
    "score": "readable.scores[1], c.due_at, c.id",
    "new": "c.opened_at DESC, c.id",
}
_CLOSED_ORDER = "c.closed_at DESC, c.id DESC"
MAX_COUNTED = 10_000
"""Cases beyond this many are not counted: a page says that there are more."""
MAX_TOUCHPOINTS = 200
MAX_CUSTOMER_CASES = 20
RECENT_CASES = 5_000
"""The newest cases, whose touchpoints a list offers."""
RECENT_CASES_OF_SEGMENTS = 2_000
"""The newest cases, whose segments the settings page offers."""
TOUCHPOINT = "touchpoint:"

# An older version of this service writes no segments of the answer.
_BELONGS = "coalesce(y.belongs, c.belongs)"
READABLE = f"(CAST(:segments AS text[]) = '{{}}' OR {_BELONGS} && CAST(:segments AS text[]))"
"""Whether the reader may read an answer ``y`` of a case ``c``."""
VISIBLE = "(CAST(:segments AS text[]) = '{}' OR c.belongs && CAST(:segments AS text[]))"
"""Whether the reader may read some answer of a case ``c``."""

_HEADING_FIRST = "ORDER BY a.id <> c.answer_id, a.answered_at, a.id"
SELECT_CASES = f"""
    SELECT
        {COLUMNS},
        s.name AS owner_name,
        readable.bodies, readable.scores, readable.first_scores, readable.writing,
        (
            SELECT count(*) FROM case_answer o WHERE o.tenant = c.tenant AND o.case_id = c.id
        ) AS answers_in_all,
        closing.answers AS closing_answers
    FROM cases c
    CROSS JOIN LATERAL (
        SELECT
            array_agg(a.body {_HEADING_FIRST}) AS bodies,
            array_agg(a.score {_HEADING_FIRST}) AS scores,
            array_agg(a.first_score {_HEADING_FIRST}) AS first_scores,
            coalesce(bool_or(y.writing_until IS NOT NULL), false) AS writing
        FROM case_answer y
        JOIN answer a ON a.tenant = y.tenant AND a.id = y.answer_id
        WHERE y.tenant = c.tenant AND y.case_id = c.id AND {READABLE}
    ) readable
    LEFT JOIN staff s ON s.tenant = c.tenant AND s.id = c.owner_id
    LEFT JOIN timeline closing
        ON closing.tenant = c.tenant AND closing.case_id = c.id
        AND closing.seq = c.decided_version AND closing.kind = 'closed'
    WHERE readable.bodies IS NOT NULL
"""
"""Cases with their owner's name, and of those of their answers that the reader may read: the bodies, the
scores and the first scores (the answer that opened the case first, then from the oldest on), and whether any
of them is still being written.
"""


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are asked for; None: any."""

    segments: Sequence[str] = ()
    """What the reader may see; empty is everything."""
    state: Literal["open", "assigned", "closed", "waiting"] | None = None
    """``waiting`` is open or assigned."""
    owner: UUID | Literal["nobody"] | None = None
    segment: str | None = None
    touchpoint: str | None = None
    cause: str | None = None
    """A cause, or the theme of several."""
    outcome: str | None = None
    customer: str | None = None
    late: bool = False

    def condition(self, tenant: str, now: datetime) -> tuple[str, dict[str, Any]]:
        """The condition on a case ``c``, and its values.

        What is not asked for is left out, so that the planner finds the index that fits.
        """
        by_closing = self.cause is not None or self.outcome is not None
        parts: list[tuple[bool, str, dict[str, Any]]] = [
            (True, "c.tenant = :tenant", {"tenant": tenant}),
            (True, VISIBLE, {"segments": list(self.segments)}),
            (self.state == "waiting", "c.state <> 'closed'", {}),
            (self.state not in {None, "waiting"}, "c.state = :state", {"state": self.state}),
            (self.owner == "nobody", "c.owner_id IS NULL", {}),
            (self.owner not in {None, "nobody"}, "c.owner_id = :owner", {"owner": self.owner}),
            (self.segment is not None, _has_segment("segment"), {"segment": self.segment}),
            (
                self.touchpoint is not None,
                _has_segment("touchpoint"),
                {"touchpoint": TOUCHPOINT + encoded(self.touchpoint or "")},
            ),
            (by_closing, _WHOLLY_READABLE, {}),
            (self.cause is not None, _HAS_CAUSE, {"cause": self.cause}),
            (self.outcome is not None, "c.outcome = :outcome", {"outcome": self.outcome}),
            (self.customer is not None, "c.customer_id = :customer", {"customer": self.customer}),
            (self.late, "c.state <> 'closed' AND c.due_at < :now", {"now": now}),
        ]
        values: dict[str, Any] = {}
        for is_asked, _, own in parts:
            values |= own if is_asked else {}
        return " AND ".join(sql for is_asked, sql, _ in parts if is_asked), values


def _has_segment(parameter: str) -> str:
    """Some answer that the reader may read belongs to the segment of this parameter."""
    return f"""EXISTS (
        SELECT FROM case_answer y
        WHERE y.tenant = c.tenant AND y.case_id = c.id AND {READABLE}
            AND CAST(:{parameter} AS text) = ANY({_BELONGS})
    )"""


_WHOLLY_READABLE = f"""NOT EXISTS (
        SELECT FROM case_answer y
        WHERE y.tenant = c.tenant AND y.case_id = c.id AND NOT {READABLE}
    )"""
"""A closing may be about each answer of the case: only a reader of all of them finds the case by it."""


_HAS_CAUSE = "(c.cause = :cause OR starts_with(c.cause, CAST(:cause AS text) || '.'))"


async def list_cases(
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, *, sort: Sort = "due", limit: int, offset: int = 0
) -> list[Any]:
    """The rows of ``SELECT_CASES`` that are wanted; closed cases by when they were closed, the last first."""
    where, values = wanted.condition(tenant, uow.now)
    order = _CLOSED_ORDER if wanted.state == "closed" else _ORDERS[sort]
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
    uow: UnitOfWork, tenant: str, wanted: CaseFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Any]:
    """The next cases by due time and id: no page misses or repeats one while others are added."""
    where, values = wanted.condition(tenant, uow.now)
    if after is not None:
        where += f" AND {BEHIND_CURSOR}"
        values |= {"after_at": after[0], "after_id": after[1]}
    rows = await uow.execute(
        f"{SELECT_CASES} AND {where} ORDER BY c.due_at, c.id LIMIT :limit", {**values, "limit": limit}
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


COUNT_OPEN_CASES = f"""
    SELECT
        count(*) AS open,
        count(*) FILTER (WHERE owner_id = :person) AS mine,
        count(*) FILTER (WHERE owner_id IS NULL) AS nobody,
        count(*) FILTER (WHERE due_at < :now) AS late
    FROM (
        SELECT c.owner_id, c.due_at FROM cases c
        WHERE c.tenant = :tenant AND c.state <> 'closed' AND {VISIBLE}
        LIMIT :limit
    ) counted
"""


async def count_open_cases(uow: UnitOfWork, tenant: str, segments: Sequence[str], person: UUID | None) -> Any:
    """How many open cases each view of the inbox has: open, mine, nobody, late. No closed case is read."""
    found = await uow.execute(
        COUNT_OPEN_CASES,
        {
            "tenant": tenant,
            "segments": list(segments),
            "person": person,
            "now": uow.now,
            "limit": MAX_COUNTED,
        },
    )
    return found.one()


FIND_TOUCHPOINTS = f"""
    SELECT DISTINCT b.segment
    FROM (
        SELECT tenant, id, belongs FROM cases
        WHERE tenant = :tenant
        ORDER BY opened_at DESC, id
        LIMIT :recent
    ) c
    JOIN case_answer y ON y.tenant = c.tenant AND y.case_id = c.id
    CROSS JOIN unnest({_BELONGS}) b (segment)
    WHERE {READABLE} AND starts_with(b.segment, :prefix)
    ORDER BY 1
    LIMIT :limit
"""


async def touchpoints(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """The touchpoints of the newest cases, as far as this reader may see them."""
    rows = await uow.execute(
        FIND_TOUCHPOINTS,
        {
            "tenant": tenant,
            "segments": list(segments),
            "prefix": TOUCHPOINT,
            "recent": RECENT_CASES,
            "limit": MAX_TOUCHPOINTS,
        },
    )
    return [decoded(row.segment.removeprefix(TOUCHPOINT)) for row in rows]


FIND_SEGMENTS = """
    SELECT DISTINCT unnest(c.belongs) AS segment
    FROM (
        SELECT belongs FROM cases
        WHERE tenant = :tenant
        ORDER BY opened_at DESC
        LIMIT :recent
    ) c
    ORDER BY 1
    LIMIT :limit
"""


async def segments_of_cases(uow: UnitOfWork, tenant: str, limit: int = 500) -> list[str]:
    """The segments of the newest cases."""
    rows = await uow.execute(
        FIND_SEGMENTS, {"tenant": tenant, "recent": RECENT_CASES_OF_SEGMENTS, "limit": limit}
    )
    return [segment for segment in rows.scalars() if segment]


FIND_SEGMENTS_WITHOUT_CASES = """
    SELECT n.segment
    FROM unnest(CAST(:segments AS text[])) WITH ORDINALITY AS n (segment, place)
    WHERE NOT EXISTS (
        SELECT 1 FROM cases c WHERE c.tenant = :tenant AND c.belongs @> ARRAY[n.segment]
    )
    ORDER BY n.place
"""


async def segments_without_cases(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """Those of the segments of which there is no case."""
    rows = await uow.execute(FIND_SEGMENTS_WITHOUT_CASES, {"tenant": tenant, "segments": list(segments)})
    return list(rows.scalars())


FIND_CHANGED_CASES = """
    SELECT t.id AS tenant, c.*
    FROM
        unnest(CAST(:tenants AS text[])) AS t (id),
        LATERAL (
            SELECT id, changed_at, belongs FROM cases
            WHERE tenant = t.id AND changed_at > :since
            ORDER BY changed_at DESC
            LIMIT :limit
        ) AS c
"""


async def recently_changed_cases(
    uow: UnitOfWork, tenants: Collection[str], within: timedelta, limit: int
) -> list[Any]:
    """The cases of each of these companies that changed last, for open pages."""
    rows = await uow.execute(
        FIND_CHANGED_CASES, {"tenants": list(tenants), "since": uow.now - within, "limit": limit}
    )
    return list(rows)
