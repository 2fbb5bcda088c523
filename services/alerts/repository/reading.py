"""What pages and lists read. Of a case a reader gets the answers of their own segments alone, and what was
written about these.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts.domain import Entry
from services.alerts.repository.cases import COLUMNS as CASE_COLUMNS
from shared.db.database import UnitOfWork
from shared.events.segments import decoded, encoded

Sort = Literal["due", "score", "new"]
_ORDER: dict[Sort, str] = {
    "due": "c.due_at, c.id",
    "score": "said.scores[1], c.due_at, c.id",
    "new": "c.opened_at DESC, c.id",
}
MOST_COUNTED = 10_000
"""Cases beyond this many are not counted: a page says that there are more."""
TOUCHPOINT = "touchpoint:"
OFFERED = 200
LATELY = 5_000
"""The newest cases, out of which the touchpoints are offered."""

# An older version of this service writes no segments of the answer.
_BELONGS = "coalesce({}.belongs, c.belongs)"
_READABLE = f"(CAST(:segments AS text[]) = '{{}}' OR {_BELONGS.format('y')} && CAST(:segments AS text[]))"
_SEEN = "(CAST(:segments AS text[]) = '{}' OR c.belongs && CAST(:segments AS text[]))"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are asked for; None leaves a question open."""

    segments: Sequence[str] = ()
    """What the reader may see; empty is everything."""
    state: Literal["open", "assigned", "closed", "waiting"] | None = None
    """``waiting`` is open or assigned."""
    owner: UUID | Literal["nobody"] | None = None
    segment: str | None = None
    touchpoint: str | None = None
    cause: str | None = None
    """A cause or the theme of several."""
    outcome: str | None = None
    customer: str | None = None
    late: bool = False


def _where(tenant: str, now: datetime, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    clauses = ["c.tenant = :tenant", _SEEN]
    values: dict[str, Any] = {"tenant": tenant, "segments": list(wanted.segments)}
    if wanted.state == "waiting":
        clauses.append("c.state <> 'closed'")
    elif wanted.state is not None:
        clauses.append("c.state = :state")
        values["state"] = wanted.state
    if wanted.owner == "nobody":
        clauses.append("c.owner_id IS NULL")
    elif wanted.owner is not None:
        clauses.append("c.owner_id = :owner")
        values["owner"] = wanted.owner
    for number, segment in enumerate(_segments(wanted)):
        clauses.append(
            "EXISTS (SELECT FROM case_answer y WHERE y.tenant = c.tenant AND y.case_id = c.id "
            f"AND {_READABLE} AND CAST(:segment_{number} AS text) = ANY({_BELONGS.format('y')}))"
        )
        values[f"segment_{number}"] = segment
    _closing(wanted, clauses, values)
    if wanted.customer is not None:
        clauses.append("c.customer_id = :customer")
        values["customer"] = wanted.customer
    if wanted.late:
        clauses.append("c.state <> 'closed' AND c.due_at < :now")
        values["now"] = now
    return " AND ".join(clauses), values


def _closing(wanted: Wanted, clauses: list[str], values: dict[str, Any]) -> None:
    """How it was closed may be about each of its answers: only who reads all of them finds it by that."""
    if wanted.cause is None and wanted.outcome is None:
        return
    clauses.append(
        "NOT EXISTS (SELECT FROM case_answer y WHERE y.tenant = c.tenant AND y.case_id = c.id "
        f"AND NOT {_READABLE})"
    )
    if wanted.cause is not None:
        clauses.append("(c.cause = :cause OR starts_with(c.cause, CAST(:cause AS text) || '.'))")
        values["cause"] = wanted.cause
    if wanted.outcome is not None:
        clauses.append("c.outcome = :outcome")
        values["outcome"] = wanted.outcome


def _segments(wanted: Wanted) -> list[str]:
    """What one and the same or different answers of the case must belong to."""
    found = [wanted.segment] if wanted.segment is not None else []
    return found + ([TOUCHPOINT + encoded(wanted.touchpoint)] if wanted.touchpoint is not None else [])


_FIRST = "ORDER BY a.id <> c.answer_id, a.answered_at, a.id"
_ROW = (
    f"SELECT {CASE_COLUMNS}, s.name AS owner_name, said.bodies, said.scores, said.first_scores, "
    f"said.writing, "
    "(SELECT count(*) FROM case_answer o WHERE o.tenant = c.tenant AND o.case_id = c.id) AS answers_in_all, "
    "closing.answers AS closing_answers "
    "FROM cases c CROSS JOIN LATERAL ("
    f"SELECT array_agg(a.body {_FIRST}) AS bodies, array_agg(a.score {_FIRST}) AS scores, "
    f"array_agg(a.first_score {_FIRST}) AS first_scores, "
    "coalesce(bool_or(y.writing_until IS NOT NULL), false) AS writing "
    "FROM case_answer y JOIN answer a ON a.tenant = y.tenant AND a.id = y.answer_id "
    f"WHERE y.tenant = c.tenant AND y.case_id = c.id AND {_READABLE}) said "
    "LEFT JOIN staff s ON s.tenant = c.tenant AND s.id = c.owner_id "
    "LEFT JOIN timeline closing ON closing.tenant = c.tenant AND closing.case_id = c.id "
    "AND closing.seq = c.decided_version AND closing.kind = 'closed' "
    "WHERE said.bodies IS NOT NULL AND "
)


async def list_cases(
    uow: UnitOfWork, tenant: str, wanted: Wanted, *, sort: Sort = "due", most: int, skip: int = 0
) -> list[Any]:
    """Cases with their owner's name, and of those of their answers that this reader may read: the bodies, the
    scores and the first scores (the answer that opened the case in front, then from the oldest on), and
    whether any of them is still being written. What is closed comes by when it was closed, the last in front.
    """
    where, values = _where(tenant, uow.now, wanted)
    order = "c.closed_at DESC, c.id DESC" if wanted.state == "closed" else _ORDER[sort]
    return list(
        await uow.execute(
            f"{_ROW} {where} ORDER BY {order} LIMIT :most OFFSET :skip",
            {**values, "most": most, "skip": skip},
        )
    )


async def totals(uow: UnitOfWork, tenant: str, wanted: Wanted) -> Any:
    """How many cases were asked for, and how many of them are late; at most ``MOST_COUNTED`` are counted."""
    where, values = _where(tenant, uow.now, wanted)
    return (
        await uow.execute(
            "SELECT count(*) AS found, count(*) FILTER (WHERE state <> 'closed' AND due_at < :at) AS late "
            f"FROM (SELECT c.state, c.due_at FROM cases c WHERE {where} LIMIT :most) counted",
            {**values, "at": uow.now, "most": MOST_COUNTED},
        )
    ).one()


async def page_of_cases(
    uow: UnitOfWork, tenant: str, wanted: Wanted, *, after: tuple[datetime, UUID] | None, most: int
) -> list[Any]:
    """The next cases by due time and id: a page that stays true while others are added."""
    where, values = _where(tenant, uow.now, wanted)
    if after is not None:
        where += " AND (c.due_at, c.id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))"
        values |= {"after_at": after[0], "after_id": after[1]}
    return list(
        await uow.execute(f"{_ROW} {where} ORDER BY c.due_at, c.id LIMIT :most", {**values, "most": most})
    )


async def one_case(uow: UnitOfWork, tenant: str, case: UUID, segments: Sequence[str]) -> Any | None:
    """A case as :func:`list_cases` has it, if this reader may see it."""
    return (
        await uow.execute(
            f"{_ROW} c.tenant = :tenant AND c.id = :id",
            {"tenant": tenant, "id": case, "segments": list(segments)},
        )
    ).one_or_none()


async def counts(uow: UnitOfWork, tenant: str, segments: Sequence[str], person: UUID | None) -> Any:
    """How many open cases each view has: open, mine, nobody, late. What is closed is counted by nobody."""
    return (
        await uow.execute(
            "SELECT count(*) AS open, count(*) FILTER (WHERE owner_id = :person) AS mine, "
            "count(*) FILTER (WHERE owner_id IS NULL) AS nobody, "
            "count(*) FILTER (WHERE due_at < :now) AS late "
            "FROM (SELECT c.owner_id, c.due_at FROM cases c WHERE c.tenant = :tenant AND "
            f"c.state <> 'closed' AND {_SEEN} LIMIT :most) counted",
            {
                "tenant": tenant,
                "segments": list(segments),
                "person": person,
                "now": uow.now,
                "most": MOST_COUNTED,
            },
        )
    ).one()


async def touchpoints(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """The touchpoints of the newest cases, as far as this reader may see them."""
    rows = await uow.execute(
        "SELECT DISTINCT b.segment FROM ("
        "SELECT tenant, id, belongs FROM cases WHERE tenant = :tenant ORDER BY opened_at DESC, id LIMIT "
        ":lately"
        ") c JOIN case_answer y ON y.tenant = c.tenant AND y.case_id = c.id "
        f"CROSS JOIN unnest({_BELONGS.format('y')}) b (segment) "
        f"WHERE {_READABLE} AND starts_with(b.segment, :kind) ORDER BY 1 LIMIT :most",
        {
            "tenant": tenant,
            "segments": list(segments),
            "kind": TOUCHPOINT,
            "lately": LATELY,
            "most": OFFERED,
        },
    )
    return [decoded(row.segment.removeprefix(TOUCHPOINT)) for row in rows]


async def timeline(
    uow: UnitOfWork,
    tenant: str,
    case: UUID,
    answers: Sequence[UUID] | None,
    *,
    before: int | None = None,
    most: int,
) -> list[Entry]:
    """The last lines of what happened (before a line's number), oldest first. ``answers`` are those that the
    reader may read, None: all; of a line about another one only that there was a decision or a contact is
    told, and nothing of the others.
    """
    rows = await uow.execute(
        "SELECT tenant, case_id, seq, at, kind, by_id, by_name, key, answers, "
        "CASE WHEN readable THEN CAST(facts AS text) WHEN kind = 'contact' "
        "THEN CAST(jsonb_build_object('how', facts -> 'how', 'reached', facts -> 'reached') AS text) "
        "ELSE '{}' END AS facts FROM ("
        "SELECT t.*, CAST(:answers AS uuid[]) IS NULL OR t.kind IN ('taken', 'assigned', 'released', "
        "'restored') "
        "OR coalesce(t.answers <@ CAST(:answers AS uuid[]), false) AS readable "
        "FROM timeline t WHERE t.tenant = :tenant AND t.case_id = :case "
        "AND (CAST(:before AS bigint) IS NULL OR t.seq < :before)) t "
        "WHERE readable OR kind IN ('contact', 'closed', 'reopened') ORDER BY seq DESC LIMIT :most",
        {
            "tenant": tenant,
            "case": case,
            "answers": None if answers is None else list(answers),
            "before": before,
            "most": most,
        },
    )
    return [
        Entry(**{**row._mapping, "facts": msgspec.json.decode(row.facts)})  # noqa: SLF001  (its documented name)
        for row in reversed(list(rows))
    ]


async def last_reveal(uow: UnitOfWork, tenant: str, case: UUID, person: UUID) -> datetime | None:
    """When this person last asked for the customer's address."""
    found = await uow.execute(
        "SELECT max(at) FROM timeline WHERE tenant = :tenant AND case_id = :case AND kind = 'revealed' "
        "AND by_id = :person",
        {"tenant": tenant, "case": case, "person": person},
    )
    at: datetime | None = found.scalar_one()
    return at


async def cases_of_customer(
    uow: UnitOfWork, tenant: str, customer: str, but: UUID, segments: Sequence[str]
) -> list[Any]:
    """The other cases under this customer id that the reader may see, as :func:`list_cases` has them, newest
    first.
    """
    return list(
        await uow.execute(
            f"{_ROW} c.tenant = :tenant AND c.customer_id = :customer AND c.id <> :but "
            "ORDER BY c.opened_at DESC LIMIT 20",
            {"tenant": tenant, "customer": customer, "but": but, "segments": list(segments)},
        )
    )


async def changed_lately(
    uow: UnitOfWork, tenants: Collection[str], within: timedelta, most: int
) -> list[Any]:
    """Cases that changed in the last seconds, of each of these companies the newest so many, for the
    live pages.
    """
    return list(
        await uow.execute(
            "SELECT t.id AS tenant, c.* FROM unnest(CAST(:tenants AS text[])) AS t(id), LATERAL ("
            "SELECT id, changed_at, belongs FROM cases WHERE tenant = t.id AND changed_at > :since "
            "ORDER BY changed_at DESC LIMIT :most) AS c",
            {"tenants": list(tenants), "since": uow.now - within, "most": most},
        )
    )


async def answers_of_case(uow: UnitOfWork, tenant: str, case: UUID) -> list[Any]:
    """The answers that belong to a case, oldest first."""
    return list(
        await uow.execute(
            "SELECT a.id, a.body FROM case_answer w "
            "JOIN answer a ON a.tenant = w.tenant AND a.id = w.answer_id "
            "WHERE w.tenant = :tenant AND w.case_id = :case ORDER BY a.answered_at, a.id",
            {"tenant": tenant, "case": case},
        )
    )
