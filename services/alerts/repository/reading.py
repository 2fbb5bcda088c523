"""What pages and lists read."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts.domain import Entry
from services.alerts.repository.cases import COLUMNS as CASE_COLUMNS
from shared.db.database import UnitOfWork

Sort = Literal["due", "score", "new"]
_ORDER: dict[Sort, str] = {
    "due": "c.due_at, c.id",
    "score": "c.score, c.due_at, c.id",
    "new": "c.opened_at DESC, c.id",
}
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
    if wanted.segment is not None:
        clauses.append("CAST(:segment AS text) = ANY(c.belongs)")
        values["segment"] = wanted.segment
    if wanted.touchpoint is not None:
        clauses.append("c.touchpoint = :touchpoint")
        values["touchpoint"] = wanted.touchpoint
    if wanted.late:
        clauses.append("c.state <> 'closed' AND c.due_at < :now")
        values["now"] = now
    return " AND ".join(clauses), values


_ROW = (
    f"SELECT {CASE_COLUMNS}, s.name AS owner_name, a.body AS answer, a.first_score, EXISTS (SELECT 1 "
    "FROM case_answer w "
    "WHERE w.tenant = c.tenant AND w.case_id = c.id AND w.writing_until IS NOT NULL) AS writing, "
    "ARRAY(SELECT x.body FROM case_answer y JOIN answer x ON x.tenant = y.tenant AND x.id = y.answer_id "
    "WHERE y.tenant = c.tenant AND y.case_id = c.id ORDER BY x.answered_at, x.id) AS answers "
    "FROM cases c JOIN answer a ON a.tenant = c.tenant AND a.id = c.answer_id "
    "LEFT JOIN staff s ON s.tenant = c.tenant AND s.id = c.owner_id "
)


async def list_cases(
    uow: UnitOfWork, tenant: str, wanted: Wanted, *, sort: Sort = "due", most: int = 200
) -> list[Any]:
    """Cases with their owner's name, the answer that opened them, whether its customer is still writing, and
    all their answers from the oldest on.
    """
    where, values = _where(tenant, uow.now, wanted)
    return list(
        await uow.execute(
            f"{_ROW} WHERE {where} ORDER BY {_ORDER[sort]} LIMIT :most", {**values, "most": most}
        )
    )


async def totals(uow: UnitOfWork, tenant: str, wanted: Wanted) -> Any:
    """How many cases were asked for, and how many of them are late."""
    where, values = _where(tenant, uow.now, wanted)
    return (
        await uow.execute(
            "SELECT count(*) AS found, "
            "count(*) FILTER (WHERE c.state <> 'closed' AND c.due_at < :at) AS late "
            f"FROM cases c WHERE {where}",
            {**values, "at": uow.now},
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
        await uow.execute(
            f"{_ROW} WHERE {where} ORDER BY c.due_at, c.id LIMIT :most", {**values, "most": most}
        )
    )


async def one_case(uow: UnitOfWork, tenant: str, case: UUID, segments: Sequence[str]) -> Any | None:
    """A case as :func:`list_cases` has it, if this reader may see it."""
    return (
        await uow.execute(
            f"{_ROW} WHERE c.tenant = :tenant AND c.id = :id AND {_SEEN}",
            {"tenant": tenant, "id": case, "segments": list(segments)},
        )
    ).one_or_none()


async def counts(uow: UnitOfWork, tenant: str, segments: Sequence[str], person: UUID | None) -> Any:
    """How many cases each view has: open, mine, nobody, late, closed."""
    return (
        await uow.execute(
            "SELECT count(*) FILTER (WHERE c.state <> 'closed') AS open, "
            "count(*) FILTER (WHERE c.state <> 'closed' AND c.owner_id = :person) AS mine, "
            "count(*) FILTER (WHERE c.state <> 'closed' AND c.owner_id IS NULL) AS nobody, "
            "count(*) FILTER (WHERE c.state <> 'closed' AND c.due_at < :now) AS late, "
            "count(*) FILTER (WHERE c.state = 'closed') AS closed "
            f"FROM cases c WHERE c.tenant = :tenant AND {_SEEN}",
            {"tenant": tenant, "segments": list(segments), "person": person, "now": uow.now},
        )
    ).one()


async def touchpoints(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """The touchpoints of the cases that this reader may see."""
    rows = await uow.execute(
        f"SELECT DISTINCT c.touchpoint FROM cases c WHERE c.tenant = :tenant AND {_SEEN} AND "
        "c.touchpoint IS NOT NULL "
        "ORDER BY 1 LIMIT 200",
        {"tenant": tenant, "segments": list(segments)},
    )
    return [row.touchpoint for row in rows]


async def timeline(uow: UnitOfWork, tenant: str, case: UUID) -> list[Entry]:
    """What happened, oldest first."""
    rows = await uow.execute(
        "SELECT tenant, case_id, seq, at, kind, by_id, by_name, CAST(facts AS text) AS facts, key "
        "FROM timeline WHERE tenant = :tenant AND case_id = :case ORDER BY seq",
        {"tenant": tenant, "case": case},
    )
    return [
        Entry(**{**row._mapping, "facts": msgspec.json.decode(row.facts)})  # noqa: SLF001  (its documented name)
        for row in rows
    ]


async def cases_of_customer(
    uow: UnitOfWork, tenant: str, customer: str, but: UUID, segments: Sequence[str]
) -> list[Any]:
    """This customer's other cases that the reader may see, newest first."""
    return list(
        await uow.execute(
            "SELECT c.id, c.number, c.state, c.score, c.opened_at FROM cases c WHERE c.tenant = :tenant "
            f"AND c.customer_id = :customer AND c.id <> :but AND {_SEEN} ORDER BY c.opened_at DESC LIMIT 20",
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
    """The answers that belong to a case, oldest first, each with its first score and until when it is
    written.
    """
    return list(
        await uow.execute(
            "SELECT a.id, a.body, a.first_score, w.writing_until FROM case_answer w "
            "JOIN answer a ON a.tenant = w.tenant AND a.id = w.answer_id "
            "WHERE w.tenant = :tenant AND w.case_id = :case ORDER BY a.answered_at, a.id",
            {"tenant": tenant, "case": case},
        )
    )
